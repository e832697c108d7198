import type { Finder } from "./finder.ts";
import { type ChunkProfile, cutMasks } from "./profile.ts";

/** Where the chunks of a body end. */
export interface Cutter {
  /**
   * The end of the chunk that begins at `start` of the finder's bytes, of which `[start, end)` are the body's.
   *
   * @param first whether `start` is the body's beginning
   * @param last whether `end` is the body's end; otherwise at least `max` bytes must be there
   */
  cut(start: number, end: number, first: boolean, last: boolean): number;
}

/** Cuts by content alone (docs/spec/dedup.md, "Chunking"). */
export function createCutter(profile: ChunkProfile, finder: Finder): Cutter {
  const { min, average, max } = profile;
  const { strict, loose } = cutMasks(profile);
  return {
    cut(start, end, first, last) {
      const left = end - start;
      if (last && left <= (first ? average : min)) return end;
      const early = Math.min(end, start + average);
      const found = finder.find(start + min, early, strict);
      if (found < early) return found;
      if (early === end) return end;
      return finder.find(early, Math.min(end, start + max), loose);
    },
  };
}
