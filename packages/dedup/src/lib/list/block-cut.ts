import { BLOCK_WEIGHT, MAX_BLOCK_ROWS, MIN_BLOCK_ROWS } from "./limits.ts";

/** Says after which rows blocks end: that depends on the rows alone. */
export interface BlockCut {
  /** Whether the block ends after this row. @param weight by {@link rowWeight} */
  endsAfter(path: Uint8Array, weight: number): boolean;
}

/** @param gear the table of docs/spec/dedup.md, "Chunking" */
export function createBlockCut(gear: Uint32Array): BlockCut {
  let rows = 0;
  let sum = 0;
  return {
    endsAfter(path, weight) {
      rows += 1;
      sum += weight;
      const ends =
        rows >= MAX_BLOCK_ROWS || sum >= BLOCK_WEIGHT || (rows >= MIN_BLOCK_ROWS && pathHash(gear, path) >>> 23 === 0);
      if (ends) {
        rows = 0;
        sum = 0;
      }
      return ends;
    },
  };
}

/** The gear hash of a path: its last 32 bytes count. */
function pathHash(gear: Uint32Array, path: Uint8Array): number {
  let hash = 0;
  for (let at = Math.max(0, path.length - 32); at < path.length; at++) {
    hash = ((hash << 1) + (gear[path[at] ?? 0] ?? 0)) | 0;
  }
  return hash;
}

/** How much a row counts for the length of its block. @param texts bytes of its path, target, owners' names and section */
export function rowWeight(texts: number, refs: number): number {
  return 64 + texts + 40 * refs;
}
