import { beginSeal, encodeTable, openBytes, SealedKind, sealSegment, sealTrailer } from "@lifeboat/crypto";
import { concatBytes } from "@lifeboat/frames";
import { ByteReader, ByteWriter, readHead, writeHead } from "../bytes.ts";
import { corrupt, type Refuse } from "../errors.ts";
import { PACK_ID_BYTES } from "../pack/pack-name.ts";
import type { SealingKey } from "../site-key.ts";

/** That a pack was verified (docs/spec/dedup.md, "Verify"). */
export interface PackVerified {
  /** The pack's id. */
  readonly id: string;
  /** By the storage, in milliseconds since 1970. */
  readonly time: number;
  readonly level: "checksum" | "content";
  readonly good: boolean;
}

/** So many are in one object at most. */
export const MAX_VERIFIED = 524_288;
/** A longer object is none. */
export const MAX_RECORD_BYTES = 16 << 20;
const ROW_BYTES = PACK_ID_BYTES + 8 + 1 + 1;
const LEVELS = ["checksum", "content"] as const;

/** The bytes of an object that tells of these. */
export function encodeRecord(key: SealingKey, rows: readonly PackVerified[]): Uint8Array {
  const out = new ByteWriter(8 + rows.length * ROW_BYTES);
  writeHead(out);
  out.u32(rows.length);
  for (const { id } of rows) out.put(Buffer.from(id, "hex"));
  for (const { time } of rows) out.u64(Math.max(0, Math.floor(time)));
  for (const { level } of rows) out.u8(1 + LEVELS.indexOf(level));
  for (const { good } of rows) out.u8(good ? 0 : 1);
  const plain = out.content;
  const { header, state } = beginSeal({ ...key, kind: SealedKind.verified, keyBlock: new Uint8Array(0) });
  const segment = sealSegment(state, 0, false, plain);
  const table = encodeTable([{ length: plain.length, unpackedLength: plain.length, tag: 0 }]);
  const trailer = sealTrailer(header.length + segment.length, 1);
  return concatBytes([header, segment, sealSegment(state, 1, true, table), trailer]);
}

/**
 * What an object tells.
 *
 * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INCOMPATIBLE
 */
export function decodeRecord({ siteKey }: SealingKey, bytes: Uint8Array, key: string): PackVerified[] {
  const refuse: Refuse = (problem) => {
    throw corrupt(`The record ${key}`, problem, key);
  };
  const read = new ByteReader(openBytes(bytes, siteKey, { kind: SealedKind.verified }), refuse);
  readHead(read, "a record of verifications", refuse);
  const count = read.u32();
  if (count > MAX_VERIFIED || read.left !== count * ROW_BYTES) refuse(`it has not the length of ${count} packs`);
  const column = <T>(next: () => T): T[] => Array.from({ length: count }, next);
  const ids = column(() => Buffer.from(read.take(PACK_ID_BYTES)).toString("hex"));
  const times = column(() => read.u64());
  const levels = column(() => LEVELS[read.u8() - 1] ?? refuse("a level is none"));
  const results = column(() => read.u8());
  return ids.map((id, n): PackVerified => {
    const [time = 0, level = "checksum", result = 1] = [times[n], levels[n], results[n]];
    if (result > 1) refuse(`a result is ${result}`);
    if (!Number.isSafeInteger(time)) refuse("a time is too large");
    return { id, time, level, good: result === 0 };
  });
}
