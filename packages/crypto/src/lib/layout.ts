import { corrupt, invalid } from "./errors.ts";
import { type SealedHeader, SealedKind } from "./header.ts";
import { SEGMENT_OVERHEAD } from "./segment.ts";
import { decodeTable, type SealedTable, type TableRow } from "./table.ts";
import { TRAILER_BYTES, type Trailer } from "./trailer.ts";

/** Takes the table out of the frame that its kind wraps it in (docs/spec/archive.md). */
export type UnwrapTable = (plaintext: Uint8Array) => Uint8Array;

/** A span of bytes in an object, `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Where the last segment lies, by the trailer.
 *
 * @throws CORRUPT where it can't lie there
 */
export function tableSpan(header: SealedHeader, trailer: Trailer, size: number): Span {
  const end = size - TRAILER_BYTES;
  if (trailer.offset < header.length || trailer.offset + SEGMENT_OVERHEAD >= end) {
    throw corrupt(`The trailer points to byte ${trailer.offset}, where no last segment can lie in ${size} bytes.`);
  }
  return { start: trailer.offset, end };
}

/**
 * Reads the table out of the last segment and compares it with the trailer.
 *
 * @throws CORRUPT where they contradict each other; INVALID where the kind wraps it and `unwrap` is missing
 */
export function checkedTable(
  plaintext: Uint8Array,
  header: SealedHeader,
  trailer: Trailer,
  unwrap: UnwrapTable | undefined,
): SealedTable {
  if (unwrap === undefined && header.kind === SealedKind.archivePart) {
    const hint = "Pass `unwrapTable`, or read the part from front to back.";
    throw invalid("sealed.open", "Expected a way to take an archive part's table out of its frame, found none.", hint);
  }
  const table = decodeTable(unwrap?.(plaintext) ?? plaintext);
  const offset = offsetsOf(header, table.rows)[table.rows.length];
  if (table.rows.length !== trailer.segments || offset !== trailer.offset) {
    throw corrupt(
      `The table tells of ${table.rows.length} segments up to byte ${offset}, the trailer of ${trailer.segments} up to byte ${trailer.offset}.`,
    );
  }
  return table;
}

/** Where each data segment begins, and after them the last segment. */
export function offsetsOf(header: SealedHeader, rows: readonly TableRow[]): Float64Array {
  const offsets = new Float64Array(rows.length + 1);
  let at = header.length;
  rows.forEach((row, i) => {
    offsets[i] = at;
    at += row.length + SEGMENT_OVERHEAD;
  });
  offsets[rows.length] = at;
  return offsets;
}
