import type { AbortOptions } from "@lifeboat/contracts";
import {
  beginSeal,
  encodeTable,
  openSealed,
  SealedKind,
  type SealedReader,
  sealSegment,
  sealTrailer,
  type TableRow,
} from "@lifeboat/crypto";
import type { Codec } from "@lifeboat/frames";
import { ID_BYTES } from "../bytes.ts";
import { corrupt, type Refuse } from "../errors.ts";
import { FRAME_CODECS, type FrameCodec } from "../pack/layout.ts";
import { MAX_CHUNK_BYTES } from "../pack/limits.ts";
import type { SealingKey } from "../site-key.ts";
import { decodeIndexHead, joinIndex } from "./decode.ts";
import { encodeIndex, type IndexedPack } from "./encode.ts";
import { SEGMENT_CHUNKS } from "./limits.ts";

/** What index objects are sealed and compressed with. */
export interface IndexTools {
  readonly key: SealingKey;
  readonly zstd: Codec;
}

/** The bytes of an index object about some packs, which must fit into one, in pieces. */
export function sealIndex({ key, zstd }: IndexTools, packs: readonly IndexedPack[]): Uint8Array[] {
  const { header, state } = beginSeal({ ...key, kind: SealedKind.index, keyBlock: new Uint8Array(0) });
  const pieces = [header];
  const rows: TableRow[] = [];

  function add(plain: Uint8Array, codec: FrameCodec): void {
    const bytes = codec === "zstd" ? zstd.compress(plain) : plain;
    pieces.push(sealSegment(state, rows.length, false, bytes));
    rows.push({ length: bytes.length, unpackedLength: plain.length, tag: FRAME_CODECS.indexOf(codec) });
  }

  const columns = encodeIndex(packs);
  add(columns.packs, "zstd");
  for (const { lengths, ids } of columns.chunks) {
    add(lengths, "zstd");
    add(ids, "stored");
  }
  const offset = pieces.reduce((sum, piece) => sum + piece.length, 0);
  pieces.push(sealSegment(state, rows.length, true, encodeTable(rows)), sealTrailer(offset, rows.length));
  return pieces;
}

/**
 * What an index object tells, from its bytes.
 *
 * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INCOMPATIBLE
 */
export async function openIndex(
  tools: IndexTools,
  bytes: Uint8Array,
  name: string,
  { signal }: AbortOptions = {},
): Promise<IndexedPack[]> {
  const refuse: Refuse = (problem) => {
    throw corrupt(`The index ${name}`, problem, name);
  };
  const reader = {
    size: bytes.length,
    read: async ({ start, end }: { readonly start: number; readonly end: number }) => bytes.subarray(start, end),
  };
  const sealed = await openSealed(reader, tools.key.siteKey, { signal, kind: SealedKind.index });
  const head = decodeIndexHead(await plain(tools, sealed, 0, ["stored", "zstd"], refuse), refuse);
  const segments = Math.ceil(head.chunks / SEGMENT_CHUNKS);
  if (sealed.table.rows.length !== 1 + 2 * segments) refuse(`it has ${sealed.table.rows.length} segments`);
  const lengths = new Uint8Array(head.chunks * 4);
  const ids = new Uint8Array(head.chunks * ID_BYTES);
  for (let k = 0; k < segments; k++) {
    signal?.throwIfAborted();
    const count = Math.min(SEGMENT_CHUNKS, head.chunks - k * SEGMENT_CHUNKS);
    const own = await plain(tools, sealed, 2 * k + 1, ["zstd"], refuse, count * 4);
    lengths.set(own, k * SEGMENT_CHUNKS * 4);
    ids.set(await plain(tools, sealed, 2 * k + 2, ["stored"], refuse, count * ID_BYTES), k * SEGMENT_CHUNKS * ID_BYTES);
  }
  return joinIndex(head, lengths, ids, refuse);
}

/** The content of a segment, which must be of one of these codecs and, where that is known, of this length. */
async function plain(
  { zstd }: IndexTools,
  sealed: SealedReader,
  n: number,
  codecs: readonly FrameCodec[],
  refuse: Refuse,
  expected?: number,
): Promise<Uint8Array> {
  const row = sealed.table.rows[n] ?? refuse(`segment ${n} is missing`);
  const codec = FRAME_CODECS[row.tag];
  if (codec === undefined || !codecs.includes(codec)) refuse(`segment ${n} has codec ${row.tag}`);
  const size = row.unpackedLength;
  if (size > MAX_CHUNK_BYTES || (expected !== undefined && size !== expected))
    refuse(`segment ${n} expands to ${size} bytes${expected === undefined ? "" : `, not ${expected}`}`);
  const bytes = await sealed.segment(n);
  if (codec === "zstd") return zstd.expand(bytes, size).slice();
  if (bytes.length !== size) refuse(`segment ${n} is stored and changes its length`);
  return bytes;
}
