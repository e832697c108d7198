import { setImmediate as nextTurn } from "node:timers/promises";
import { badLayout, type PartLayout } from "./part-layout.ts";
import { decodeRow, type IndexRow } from "./rows.ts";
import type { SegmentAccess } from "./segment-access.ts";
import { CONTENT } from "./segment-plan.ts";
import { BLOCK } from "./tar/header.ts";

/** So many lines are read before the event loop gets a turn. */
const LINES_A_TURN = 400;

/**
 * The entries of a part in the order they were backed up, some at a time, read as
 * they are asked for, and checked against the part: content lies where there is some,
 * nothing lies twice.
 *
 * @throws CORRUPT
 */
export async function* readIndex(
  access: SegmentAccess,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly IndexRow[]> {
  const { layout } = access;
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const order = new ExtentOrder(layout);
  for (const [segment, place] of layout.segments.entries()) {
    if (place.content !== CONTENT.index) continue;
    const bytes = await access.open(segment);
    const rows = tarContent(layout.key, bytes);
    let batch: IndexRow[] = [];
    for (let at = 0; at < rows.length; ) {
      const end = rows.indexOf(0x0a, at);
      if (end === -1) throw badLayout(layout.key, "its index is cut off");
      const row = decodeRow(decodeLine(layout.key, decoder, rows.subarray(at, end)));
      order.check(row);
      batch.push(row);
      at = end + 1;
      if (batch.length === LINES_A_TURN) {
        signal?.throwIfAborted();
        yield batch;
        batch = [];
        await nextTurn();
      }
    }
    access.release(bytes);
    yield batch;
  }
}

function decodeLine(key: string, decoder: InstanceType<typeof TextDecoder>, line: Uint8Array): string {
  try {
    return decoder.decode(line);
  } catch {
    throw badLayout(key, "its index is not UTF-8");
  }
}

/** The content of the one tar entry that an index segment is. */
function tarContent(key: string, bytes: Uint8Array): Uint8Array {
  const size = Number.parseInt(
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1", 124, 135),
    8,
  );
  if (!(size >= 0) || BLOCK + size > bytes.length) throw badLayout(key, "its index is cut off");
  return bytes.subarray(BLOCK, BLOCK + size);
}

/** Content must lie in the part, in the order of the entries, and never be shared: a small file can't expand without end. */
class ExtentOrder {
  readonly #layout: PartLayout;
  #segment = 0;
  #offset = 0;

  constructor(layout: PartLayout) {
    this.#layout = layout;
  }

  check(row: IndexRow): void {
    for (const extent of row.extents ?? []) {
      const isAhead =
        extent.segment > this.#segment || (extent.segment === this.#segment && extent.offset >= this.#offset);
      if (!isAhead) throw this.#bad(row, "its content overlaps another entry's");
      this.#segment = extent.segment;
      this.#offset = extent.offset;
      this.#advance(row, extent.size);
    }
  }

  #advance(row: IndexRow, size: number): void {
    for (let left = size; left > 0; ) {
      const place = this.#layout.segments[this.#segment];
      if (place === undefined || place.content !== CONTENT.data)
        throw this.#bad(row, "its content lies outside the archive's data");
      const here = Math.min(left, place.unpackedLength - this.#offset);
      if (here < 0) throw this.#bad(row, "its content lies outside its segment");
      left -= here;
      this.#offset += here;
      if (left > 0) {
        this.#segment += 1;
        this.#offset = 0;
      }
    }
  }

  #bad(row: IndexRow, problem: string) {
    return badLayout(this.#layout.key, `the index says of ${JSON.stringify(row.info.path)} what cannot be: ${problem}`);
  }
}
