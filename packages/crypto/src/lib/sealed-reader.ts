import type { AbortOptions } from "@lifeboat/contracts";
import { corrupt, invalid } from "./errors.ts";
import { headerLength, parseHeader, type SealedHeader } from "./header.ts";
import { checkedTable, offsetsOf, type Span, tableSpan } from "./layout.ts";
import { openHeader, type SiteKeySource, siteKeyFor } from "./open-header.ts";
import { mapOrdered } from "./ordered.ts";
import type { Primitives } from "./primitives.ts";
import { maxPlaintext, openSegment, SEGMENT_OVERHEAD, type SealState } from "./segment.ts";
import type { SealedTable } from "./table.ts";
import { parseTrailer, TRAILER_BYTES } from "./trailer.ts";
import type { UnsealOptions } from "./unseal-stream.ts";

/** Bytes that can be read at random: an object in a storage, a file, an array. */
export interface RandomReader {
  /** In bytes. */
  readonly size: number;
  /** Exactly the bytes of the span. */
  read(span: Span, options?: AbortOptions): Promise<Uint8Array>;
}

/** Which segments to read, and how. */
export interface SegmentsOptions extends AbortOptions {
  /** Reads under way at once. Default: 4. */
  readonly concurrency?: number | undefined;
}

/** A sealed object that is open, its table read and checked. */
export interface SealedReader {
  readonly header: SealedHeader;
  readonly table: SealedTable;
  /** For opening segments elsewhere, in a worker thread; secret. */
  readonly state: SealState;
  /** Where a data segment lies: its length field, ciphertext and tag. */
  span(index: number): Span;
  /**
   * A data segment's plaintext.
   *
   * @throws CORRUPT; INVALID where there is no such segment
   */
  segment(index: number, options?: AbortOptions): Promise<Uint8Array>;
  /** Several, in the order asked for. */
  segments(indexes: Iterable<number>, options?: SegmentsOptions): AsyncIterable<Uint8Array>;
}

/** The table of most objects lies within so many bytes of their end. */
const TAIL_BYTES = 64 * 1024;
/** The header of most objects lies within so many bytes of their beginning. */
const HEAD_BYTES = 4096;

/** Docs: `Sealing.openSealed`. */
export async function openSealed(
  p: Primitives,
  reader: RandomReader,
  key: SiteKeySource,
  { signal, kind, unwrapTable }: UnsealOptions = {},
): Promise<SealedReader> {
  const { size } = reader;

  async function read(start: number, end: number, abort: AbortSignal | undefined): Promise<Uint8Array> {
    abort?.throwIfAborted();
    const bytes = await reader.read({ start, end }, { signal: abort });
    if (bytes.length !== end - start) {
      throw corrupt(`Expected ${end - start} bytes at byte ${start} of the sealed object, found ${bytes.length}.`);
    }
    return bytes;
  }

  let head = await read(0, Math.min(size, HEAD_BYTES), signal);
  const headLength = headerLength(head);
  if (headLength > head.length && size > head.length) head = await read(0, Math.min(size, headLength), signal);
  const header = parseHeader(p, head);
  const state = openHeader(p, header, await siteKeyFor(key, header), kind);

  if (size < header.length + SEGMENT_OVERHEAD + TRAILER_BYTES)
    throw corrupt("The sealed object is cut off after its header.");
  const tailStart = Math.max(header.length, size - TAIL_BYTES);
  const tail = await read(tailStart, size, signal);
  const trailer = parseTrailer(tail.subarray(tail.length - TRAILER_BYTES));
  const last = tableSpan(header, trailer, size);
  if (last.end - last.start - SEGMENT_OVERHEAD > maxPlaintext(true)) {
    throw corrupt(`The last segment would be ${last.end - last.start} bytes long, which is out of the limits.`);
  }
  const sealedTable =
    last.start >= tailStart
      ? tail.subarray(last.start - tailStart, last.end - tailStart)
      : await read(last.start, last.end, signal);
  const plaintext = openSegment(p, state, trailer.segments, true, sealedTable);
  const table = checkedTable(plaintext, header, trailer, unwrapTable);
  const offsets = offsetsOf(header, table.rows);

  function span(index: number): Span {
    const start = offsets[index];
    const end = offsets[index + 1];
    if (start === undefined || end === undefined) {
      throw invalid("sealed.open", `Expected a segment from 0 to ${table.rows.length - 1}, found ${index}.`);
    }
    return { start, end };
  }

  async function segment(index: number, abort: AbortSignal | undefined): Promise<Uint8Array> {
    const { start, end } = span(index);
    return openSegment(p, state, index, false, await read(start, end, abort));
  }

  return {
    header,
    table,
    state,
    span,
    segment: (index, options) => segment(index, options?.signal),
    segments: (indexes, options) =>
      mapOrdered(indexes, { concurrency: options?.concurrency ?? 4, signal: options?.signal }, segment),
  };
}
