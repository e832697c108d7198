import { badLayout, type PartLayout } from "./part-layout.ts";
import type { Extent, IndexRow } from "./rows.ts";

/** What a reader finds in a segment, in order. */
export type StepItem =
  /** An entry, with all of its content if it has any. */
  | { readonly kind: "whole"; readonly row: IndexRow; readonly offset: number }
  /** A stretch of an entry's content that goes over several segments. */
  | ({ readonly kind: "slice"; readonly row: IndexRow; readonly offset: number; readonly size: number } & SliceEnds);

interface SliceEnds {
  readonly first: boolean;
  readonly last: boolean;
}

/** One segment to be read, and what for. */
export interface Step {
  /** `null` where none is needed: entries without content. */
  readonly segment: number | null;
  /** The last segment known to be wanted without a gap. */
  readonly until: number;
  readonly items: readonly StepItem[];
}

/** Entries without content that are let go on without waiting for the next segment. */
const MAX_ITEMS = 2000;

/**
 * Entries as the segments to be read for them, in the order of the archive. Lazy:
 * it looks no further ahead than to the end of a segment.
 *
 * @param everything whether all entries are wanted, so that segments are known to follow each other
 */
export async function* planSteps(
  layout: PartLayout,
  rows: AsyncIterable<readonly IndexRow[]>,
  everything: boolean,
): AsyncGenerator<Step> {
  const lastSegment = layout.segments.length - 1;
  let segment: number | null = null;
  let items: StepItem[] = [];

  const step = (until: number): Step => ({ segment, until: everything ? lastSegment : until, items });

  for await (const batch of rows) {
    for (const row of batch) {
      const [extent] = row.extents ?? [];
      if (extent === undefined) {
        items.push({ kind: "whole", row, offset: 0 });
        if (items.length >= MAX_ITEMS) {
          yield step(segment ?? 0);
          segment = null;
          items = [];
        }
        continue;
      }
      for (const slice of fitsSegment(layout, row, extent) ? [wholeOf(row, extent)] : slicesOf(layout, row)) {
        if (segment !== null && segment !== slice.segment) {
          yield step(segment);
          items = [];
        }
        segment = slice.segment;
        items.push(slice.item);
        if (slice.until > slice.segment) {
          yield step(slice.until);
          segment = null;
          items = [];
        }
      }
    }
  }
  if (items.length > 0) yield step(segment ?? 0);
}

interface Placed {
  readonly segment: number;
  readonly until: number;
  readonly item: StepItem;
}

/** Whether all of an entry's content lies in one segment. */
function fitsSegment(layout: PartLayout, row: IndexRow, extent: Extent): boolean {
  return row.extents?.length === 1 && extent.offset + extent.size <= unpackedLength(layout, extent.segment);
}

function wholeOf(row: IndexRow, { segment, offset }: Extent): Placed {
  return { segment, until: segment, item: { kind: "whole", row, offset } };
}

function* slicesOf(layout: PartLayout, row: IndexRow): Generator<Placed> {
  const extents = row.extents ?? [];
  for (const [n, extent] of extents.entries()) {
    const until = lastSegmentOf(layout, extent);
    let left = extent.size;
    for (let segment = extent.segment; left > 0; segment++) {
      const offset = segment === extent.segment ? extent.offset : 0;
      const size = Math.min(left, unpackedLength(layout, segment) - offset);
      left -= size;
      const first = n === 0 && segment === extent.segment;
      const last = n === extents.length - 1 && left === 0;
      yield { segment, until, item: { kind: "slice", row, offset, size, first, last } };
    }
  }
}

function lastSegmentOf(layout: PartLayout, extent: Extent): number {
  let left = extent.size - (unpackedLength(layout, extent.segment) - extent.offset);
  let segment = extent.segment;
  while (left > 0) left -= unpackedLength(layout, ++segment);
  return segment;
}

function unpackedLength(layout: PartLayout, segment: number): number {
  const place = layout.segments[segment];
  if (place === undefined) throw badLayout(layout.key, `it has no segment ${segment}`);
  return place.unpackedLength;
}
