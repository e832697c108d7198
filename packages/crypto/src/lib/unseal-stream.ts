import type { AbortOptions } from "@lifeboat/contracts";
import { ByteQueue } from "./byte-queue.ts";
import { view } from "./bytes.ts";
import { corrupt } from "./errors.ts";
import {
  FIXED_HEADER_BYTES,
  HEADER_CHECK_BYTES,
  headerLength,
  parseHeader,
  type SealedHeader,
  SealedKind,
} from "./header.ts";
import { checkedTable, type UnwrapTable } from "./layout.ts";
import { openHeader, type SiteKeySource, siteKeyFor } from "./open-header.ts";
import type { Primitives } from "./primitives.ts";
import { LENGTH_BYTES, MAX_TABLE_BYTES, maxPlaintext, SEGMENT_OVERHEAD, type SealState, tryOpen } from "./segment.ts";
import { parseTrailer, TRAILER_BYTES } from "./trailer.ts";

/** How to open a sealed object. */
export interface UnsealOptions extends AbortOptions {
  /** The kind that it must be. Default: any. */
  readonly kind?: SealedKind | undefined;
  /** Takes the table out of its frame; without it the table of an archive part is not read. */
  readonly unwrapTable?: UnwrapTable | undefined;
}

interface Segment {
  readonly plaintext: Uint8Array;
  readonly final: boolean;
  /** Where the next one begins. */
  readonly end: number;
}

/** Docs: `Sealing.unsealStream`. */
export async function* unsealStream(
  p: Primitives,
  input: AsyncIterable<Uint8Array>,
  key: SiteKeySource,
  options: UnsealOptions = {},
): AsyncGenerator<Uint8Array> {
  const { signal, kind, unwrapTable } = options;
  signal?.throwIfAborted();
  const queue = new ByteQueue(input, signal);
  try {
    const header = await readHeader(p, queue);
    const state = openHeader(p, header, await siteKeyFor(key, header), kind);
    const lengths: number[] = [];
    let offset = header.length;
    for (;;) {
      const { plaintext, final, end } = await readSegment(p, queue, state, lengths.length, offset);
      if (final) {
        const trailer = parseTrailer(queue.peek(TRAILER_BYTES));
        if (trailer.offset !== offset || trailer.segments !== lengths.length) {
          throw corrupt(`The trailer does not fit: ${lengths.length} segments end at byte ${offset}.`);
        }
        if (unwrapTable !== undefined || header.kind !== SealedKind.archivePart) {
          const { rows } = checkedTable(plaintext, header, trailer, unwrapTable);
          if (rows.some((row, i) => row.length !== lengths[i]))
            throw corrupt("The table's lengths are not the segments'.");
        }
        if (header.kind === SealedKind.archivePart) yield plaintext;
        return;
      }
      lengths.push(plaintext.length);
      offset = end;
      yield plaintext;
    }
  } finally {
    await queue.close();
  }
}

async function readHeader(p: Primitives, queue: ByteQueue): Promise<SealedHeader> {
  await queue.fill(FIXED_HEADER_BYTES + HEADER_CHECK_BYTES);
  const length = headerLength(queue.peek(16));
  await queue.fill(length);
  const header = parseHeader(p, queue.peek(length));
  queue.drop(length);
  return header;
}

async function readSegment(
  p: Primitives,
  queue: ByteQueue,
  state: SealState,
  index: number,
  offset: number,
): Promise<Segment> {
  const cutOff = () => corrupt(`The sealed object is cut off in segment ${index}, which begins at byte ${offset}.`);
  if (!(await queue.fill(LENGTH_BYTES))) throw cutOff();
  const length = view(queue.peek(LENGTH_BYTES)).getUint32(0);
  if (length === 0 || length > MAX_TABLE_BYTES) {
    throw corrupt(`Segment ${index} claims a length of ${length} bytes, which is out of the limits.`);
  }
  const total = length + SEGMENT_OVERHEAD;
  const final = !(await queue.fill(total + TRAILER_BYTES + 1));
  if (queue.size < total + TRAILER_BYTES) throw cutOff();
  if (length > maxPlaintext(final))
    throw corrupt(`Segment ${index} claims ${length} bytes, too many for a data segment.`);
  const segment = queue.peek(total);
  const plaintext = tryOpen(p, state, index, final, segment);
  if (plaintext === null) {
    // Only for the message: was it opened as what it should not have been?
    const other = tryOpen(p, state, index, !final, segment) !== null;
    if (other && final) throw corrupt(`The sealed object is cut off after segment ${index}.`);
    if (other) throw corrupt(`Bytes follow the end of the sealed object at byte ${offset + total + TRAILER_BYTES}.`);
    throw corrupt(`Segment ${index} of the sealed object is damaged: it does not open.`);
  }
  queue.drop(total);
  return { plaintext, final, end: offset + total };
}
