/** How fast work goes, and how long the rest of it takes. */
export interface Pace {
  /** Bytes a second, smoothed over some seconds. */
  readonly bytesPerSecond: number;
  /** Milliseconds left, where the total is known and something moves. */
  readonly remainingMs?: number;
}

/** Measures the pace of something that counts up. */
export interface Meter {
  pace(bytes: number, totalBytes?: number): Pace;
}

/** After so many milliseconds, an older rate has lost about two thirds of its weight. */
const SMOOTHING_MS = 5000;
/** Shorter spans say nothing about a rate. */
const SAMPLE_MS = 100;

/** Makes a meter that begins now, at 0 bytes. `now` is in milliseconds. */
export function createMeter(now: () => number): Meter {
  let at = now();
  let seen = 0;
  let rate: number | null = null;
  return {
    pace(bytes, totalBytes) {
      const elapsed = now() - at;
      if (elapsed >= SAMPLE_MS) {
        const current = (Math.max(0, bytes - seen) / elapsed) * 1000;
        rate = rate === null ? current : current + (rate - current) * Math.exp(-elapsed / SMOOTHING_MS);
        at += elapsed;
        seen = bytes;
      }
      const bytesPerSecond = rate ?? 0;
      if (totalBytes === undefined || bytesPerSecond < 1) return { bytesPerSecond };
      return { bytesPerSecond, remainingMs: (Math.max(0, totalBytes - bytes) / bytesPerSecond) * 1000 };
    },
  };
}
