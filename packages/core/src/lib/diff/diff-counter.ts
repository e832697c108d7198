import type { PartInfo } from "@lifeboat/contracts";
import type { DiffCounts, DiffSummary, EntryChange, SourceDiff } from "./diff-types.ts";

/** Counts the changes of one source. */
export class DiffCounter {
  #created = 0;
  #changed = 0;
  #removed = 0;
  #createdBytes = 0;
  #changedBytes = 0;
  #removedBytes = 0;
  #bySizeAndTime = 0;

  add(change: EntryChange): void {
    if (change.change === "created") {
      this.#created += 1;
      this.#createdBytes += change.after.size;
    } else if (change.change === "removed") {
      this.#removed += 1;
      this.#removedBytes += change.before.size;
    } else {
      if (change.evidence === "size-and-time") this.#bySizeAndTime += 1;
      if (change.change === "unchanged") return;
      this.#changed += 1;
      const hasNewContent = change.differences.some((each) => each === "content" || each === "type");
      if (hasNewContent) this.#changedBytes += change.after.size;
    }
  }

  /** Entries that were not told of count as unchanged: formats leave out what they know to be the same. */
  counts(before: PartInfo | undefined, after: PartInfo | undefined): DiffCounts {
    const unchanged = (before === undefined ? 0 : entriesOf(before)) - this.#removed - this.#changed;
    return {
      created: this.#created,
      changed: this.#changed,
      removed: this.#removed,
      unchanged: after === undefined ? 0 : unchanged,
      createdBytes: this.#createdBytes,
      changedBytes: this.#changedBytes,
      removedBytes: this.#removedBytes,
      bySizeAndTime: this.#bySizeAndTime,
    };
  }
}

/** All sources together. */
export function sumOf(sources: readonly SourceDiff[]): DiffSummary {
  const sum = (pick: (counts: DiffCounts) => number) => sources.reduce((total, each) => total + pick(each), 0);
  const [created, changed, removed] = [sum((s) => s.created), sum((s) => s.changed), sum((s) => s.removed)];
  return {
    sources,
    same: created + changed + removed === 0,
    created,
    changed,
    removed,
    unchanged: sum((s) => s.unchanged),
    createdBytes: sum((s) => s.createdBytes),
    changedBytes: sum((s) => s.changedBytes),
    removedBytes: sum((s) => s.removedBytes),
    bySizeAndTime: sum((s) => s.bySizeAndTime),
  };
}

function entriesOf({ counts }: PartInfo): number {
  return counts.files + counts.directories + counts.links;
}
