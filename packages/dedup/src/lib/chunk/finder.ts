import { WINDOW } from "./gear-table.ts";

/** Looks for cuts in bytes that it holds. */
export interface Finder {
  /** Memory that the bytes are to be put into; what is in it may be moved and filled again. */
  readonly bytes: Uint8Array;
  /**
   * The first `end` in `[from, to)` for which a chunk may end there: the hash of the 32 bytes before `end` has no bit
   * of `mask`. `to` where there is none. `from` is at least 32.
   */
  find(from: number, to: number, mask: number): number;
  /**
   * Every such `end` in `[from, to)`, at most as many as `out` holds, into `out`; answers how many. The search can
   * be taken up again at the last one + 1.
   */
  scan(from: number, to: number, mask: number, out: Uint32Array): number;
}

/** In plain TypeScript: where WebAssembly is forbidden, and what it is compared with. */
export function plainFinder(table: Uint32Array, capacity: number): Finder {
  const gear = Int32Array.from(table);
  const bytes = new Uint8Array(capacity);

  /** The hash of the 31 bytes before the window's last one. */
  function prime(from: number): number {
    let hash = 0;
    for (let at = from - WINDOW; at < from - 1; at++) hash = ((hash << 1) + (gear[bytes[at] ?? 0] ?? 0)) | 0;
    return hash;
  }

  return {
    bytes,
    find(from, to, mask) {
      const bits = mask | 0;
      let hash = prime(from);
      for (let end = from; end < to; end++) {
        hash = ((hash << 1) + (gear[bytes[end - 1] ?? 0] ?? 0)) | 0;
        if ((hash & bits) === 0) return end;
      }
      return to;
    },
    scan(from, to, mask, out) {
      const bits = mask | 0;
      let count = 0;
      let hash = prime(from);
      for (let end = from; end < to && count < out.length; end++) {
        hash = ((hash << 1) + (gear[bytes[end - 1] ?? 0] ?? 0)) | 0;
        if ((hash & bits) === 0) out[count++] = end;
      }
      return count;
    },
  };
}
