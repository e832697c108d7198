import type { LargeEntry } from "./large-entry.ts";
import { SEGMENT_BYTES } from "./limits.ts";
import type { PackItem } from "./worker/tasks.ts";

/** What the table says a segment holds (docs/spec/archive.md). */
export const CONTENT = { data: 0, index: 1, metadata: 2, end: 3 } as const;

/** A segment to be packed, and whose content its pieces are. */
export interface SegmentPlan {
  readonly content: number;
  readonly items: readonly PackItem[];
  /** One for each `slice` and `bytes` item, in order. */
  readonly owners: readonly PieceOwner[];
}

/** The large entry that a piece belongs to. */
export interface PieceOwner {
  readonly entry: LargeEntry;
  /** Whether it is the first after a tar header: it then begins a new extent. */
  readonly first: boolean;
  /** Whether it is the entry's last. */
  readonly last: boolean;
}

/** A segment may be this much longer than planned, so that a header and a full piece share one. */
const SLACK = 64 * 1024;

/** Gathers items until they fill a segment. */
export class SegmentPlanner {
  #items: PackItem[] = [];
  #owners: PieceOwner[] = [];
  #bytes = 0;

  /** Whether so many bytes more would make the segment overfull. */
  isFull(bytes: number): boolean {
    return this.#bytes > 0 && this.#bytes + bytes > SEGMENT_BYTES + SLACK;
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  /** @param bytes how many bytes of tar the item becomes, at most */
  add(item: PackItem, bytes: number, owner?: PieceOwner): void {
    this.#items.push(item);
    if (owner !== undefined) this.#owners.push(owner);
    this.#bytes += bytes;
  }

  /** The segment as it stands; the next one begins empty. */
  take(content: number = CONTENT.data): SegmentPlan {
    const plan = { content, items: this.#items, owners: this.#owners };
    this.#items = [];
    this.#owners = [];
    this.#bytes = 0;
    return plan;
  }
}
