import type { CipherSuite } from "@lifeboat/contracts";
import { concat } from "./bytes.ts";
import { corrupt } from "./errors.ts";
import { parseHeader, SealedKind } from "./header.ts";
import { checkedTable, offsetsOf, tableSpan } from "./layout.ts";
import { openHeader } from "./open-header.ts";
import type { Primitives } from "./primitives.ts";
import type { Sealing } from "./sealing.ts";
import { openSegment, sealSegment } from "./segment.ts";
import { encodeTable } from "./table.ts";
import { parseTrailer, sealTrailer, TRAILER_BYTES } from "./trailer.ts";
import type { UnsealOptions } from "./unseal-stream.ts";

/** What {@link Sealing.sealBytes} is given. */
export interface SealBytes {
  readonly siteKey: Uint8Array;
  readonly suite: CipherSuite;
  /** At most 16 MiB; may be empty. */
  readonly plaintext: Uint8Array;
}

/** Docs: `Sealing.sealBytes`. */
export function sealBytes(p: Primitives, begin: Sealing["beginSeal"], { siteKey, suite, plaintext }: SealBytes) {
  const { header, state } = begin({ kind: SealedKind.field, suite, siteKey, keyBlock: new Uint8Array(0) });
  const data = plaintext.length === 0 ? [] : [sealSegment(p, state, 0, false, plaintext)];
  const table = encodeTable(data.map(() => ({ length: plaintext.length, unpackedLength: plaintext.length })));
  const offset = header.length + (data[0]?.length ?? 0);
  const last = sealSegment(p, state, data.length, true, table);
  return concat(header, ...data, last, sealTrailer(offset, data.length));
}

/** Docs: `Sealing.openBytes`. */
export function openBytes(
  p: Primitives,
  bytes: Uint8Array,
  siteKey: Uint8Array,
  { kind, unwrapTable }: Omit<UnsealOptions, "signal"> = {},
): Uint8Array {
  const header = parseHeader(p, bytes);
  const state = openHeader(p, header, siteKey, kind);
  if (bytes.length < header.length + TRAILER_BYTES) throw corrupt("The sealed object is cut off after its header.");
  const trailer = parseTrailer(bytes.subarray(bytes.length - TRAILER_BYTES));
  const span = tableSpan(header, trailer, bytes.length);
  const plaintext = openSegment(p, state, trailer.segments, true, bytes.subarray(span.start, span.end));
  const { rows } = checkedTable(plaintext, header, trailer, unwrapTable);
  const offsets = offsetsOf(header, rows);
  const content = rows.map((_, i) => openSegment(p, state, i, false, bytes.subarray(offsets[i], offsets[i + 1])));
  return header.kind === SealedKind.archivePart ? concat(...content, plaintext) : concat(...content);
}
