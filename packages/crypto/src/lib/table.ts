import { concat, view } from "./bytes.ts";
import { corrupt, invalid } from "./errors.ts";
import { MAX_SEGMENT_BYTES, MAX_TABLE_BYTES } from "./segment.ts";

/** What the table says of one data segment. */
export interface TableRow {
  /** Bytes of plaintext in the segment. */
  readonly length: number;
  /** Bytes after decompression; equal to `length` where it is stored as it is. */
  readonly unpackedLength: number;
  /** What it holds, 0–255; its meaning belongs to the object's kind. Default: 0. */
  readonly tag?: number;
}

/** A table that was read. */
export interface SealedTable {
  readonly rows: readonly Required<TableRow>[];
  /** Bytes whose meaning belongs to the object's kind. */
  readonly extra: Uint8Array;
}

const ROW_BYTES = 9;
const COUNT_BYTES = 4;

/**
 * The plaintext of the last segment (docs/spec/sealed-object.md, "The table"),
 * before a kind wraps it.
 *
 * @throws INVALID where a number is out of its limits, or the table as a whole is
 */
export function encodeTable(rows: readonly TableRow[], extra: Uint8Array = new Uint8Array(0)): Uint8Array {
  const size = COUNT_BYTES + rows.length * ROW_BYTES;
  if (size + extra.length > MAX_TABLE_BYTES) {
    const hint = "Use larger segments, or more than one object.";
    throw invalid(
      "sealed.seal",
      `Expected a table of at most ${MAX_TABLE_BYTES} bytes, found ${size + extra.length}.`,
      hint,
    );
  }
  const out = new Uint8Array(size);
  const numbers = view(out);
  numbers.setUint32(0, rows.length);
  let at = COUNT_BYTES;
  for (const row of rows) {
    const { length, unpackedLength, tag = 0 } = row;
    if (!within(length, 1, MAX_SEGMENT_BYTES) || !within(unpackedLength, 0, 0xffff_ffff) || !within(tag, 0, 255)) {
      throw invalid("sealed.seal", `Expected a row within the limits, found ${length}, ${unpackedLength}, ${tag}.`);
    }
    numbers.setUint32(at, length);
    numbers.setUint32(at + 4, unpackedLength);
    numbers.setUint8(at + 8, tag);
    at += ROW_BYTES;
  }
  return extra.length === 0 ? out : concat(out, extra);
}

/**
 * Reads what {@link encodeTable} made.
 *
 * @throws CORRUPT where it is cut off, or a length is out of its limits
 */
export function decodeTable(bytes: Uint8Array): SealedTable {
  if (bytes.length < COUNT_BYTES) throw corrupt(`Expected a table, found only ${bytes.length} bytes.`);
  const numbers = view(bytes);
  const count = numbers.getUint32(0);
  const end = COUNT_BYTES + count * ROW_BYTES;
  if (end > bytes.length) throw corrupt(`Expected a table of ${count} rows, found only ${bytes.length} bytes.`);
  const rows: Required<TableRow>[] = [];
  for (let at = COUNT_BYTES; at < end; at += ROW_BYTES) {
    const length = numbers.getUint32(at);
    if (length === 0 || length > MAX_SEGMENT_BYTES) {
      throw corrupt(`The table gives segment ${rows.length} a length of ${length} bytes, which is out of the limits.`);
    }
    rows.push({ length, unpackedLength: numbers.getUint32(at + 4), tag: numbers.getUint8(at + 8) });
  }
  return { rows, extra: bytes.slice(end) };
}

function within(n: number, least: number, most: number): boolean {
  return Number.isInteger(n) && n >= least && n <= most;
}
