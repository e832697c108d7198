/** How long memory that nobody uses is kept for the next transfer, in milliseconds. */
const KEPT = 10_000;

/**
 * The memory of all transfers of a storage, uploads and downloads together: one
 * stretch that they take from and give back to. Buffers of each transfer's own
 * would wait for the collector, which counts in tens of megabytes, and a restore
 * after a backup would have twice what it needs.
 */
export interface TransferMemory {
  /** So many bytes, with anything in them: out of the stretch, or of their own where it has no room. */
  take(bytes: number): Buffer;
  /** Gives back what was taken, or a piece of it, once nobody reads or writes it any more. */
  give(taken: Uint8Array): void;
  /** What was taken by a transfer that failed may still be on its way out: the whole stretch is not used again. */
  abandon(): void;
}

/**
 * @param capacity of the stretch, in bytes; allocated with the first transfer
 */
export function transferMemory(capacity: number): TransferMemory {
  let stretch: Buffer | null = null;
  /** What is taken, in order of its place. */
  const used: { start: number; end: number }[] = [];
  let forgetting: NodeJS.Timeout | undefined;

  const abandon = () => {
    stretch = null;
    used.length = 0;
  };
  return {
    take(bytes) {
      clearTimeout(forgetting);
      let [start, at] = [0, 0];
      for (const next of used) {
        if (next.start - start >= bytes) break;
        start = next.end;
        at += 1;
      }
      if (bytes === 0 || start + bytes > capacity) return Buffer.allocUnsafeSlow(bytes);
      stretch ??= Buffer.allocUnsafeSlow(capacity);
      used.splice(at, 0, { start, end: start + bytes });
      return stretch.subarray(start, start + bytes);
    },
    give({ buffer, byteOffset, length }) {
      if (buffer !== stretch?.buffer) return;
      const [from, to] = [byteOffset, byteOffset + length];
      const at = used.findIndex(({ start, end }) => start <= from && to <= end);
      const whole = used[at];
      if (whole === undefined || length === 0) return;
      const rest = [
        { start: whole.start, end: from },
        { start: to, end: whole.end },
      ];
      used.splice(at, 1, ...rest.filter(({ start, end }) => start < end));
      if (used.length === 0) forgetting = setTimeout(abandon, KEPT).unref();
    },
    abandon,
  };
}
