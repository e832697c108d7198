import type { AbortOptions } from "./storage.ts";

/**
 * What time it is, and waiting. Whatever waits, or judges how old something is, asks
 * one of these, so that a test can hold time still or let a year go by at once.
 */
export interface Clock {
  /** Milliseconds since 1970, as this machine tells them. Somebody may set it, back too. */
  now(): number;
  /** Milliseconds since some moment. It never goes back, and may stand still while the machine sleeps. */
  monotonic(): number;
  /** Resolves after so many milliseconds; once aborted it rejects with the signal's reason. It keeps the process alive. */
  sleep(ms: number, options?: AbortOptions): Promise<void>;
  /**
   * Calls back once, after so many milliseconds, unless the answer is disposed of before.
   * It does not keep the process alive.
   */
  after(ms: number, callback: () => void): Disposable;
}

/** The system's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep(ms, { signal } = {}) {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const abort = () => {
        timer[Symbol.dispose]();
        reject(signal?.reason);
      };
      const timer = longTimer(ms, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      signal?.addEventListener("abort", abort, { once: true });
    });
  },
  after(ms, callback) {
    return longTimer(ms, callback, (timer) => timer.unref());
  },
};

type Timer = ReturnType<typeof setTimeout>;

/** Node's timers count to 2^31 - 1 milliseconds, which is 24 days; more would ring at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** A timer for however many milliseconds. @param each called with each of Node's timers that it takes */
function longTimer(ms: number, callback: () => void, each: (timer: Timer) => void = () => undefined): Disposable {
  let left = ms;
  let timer: Timer;

  function arm(): void {
    const part = Math.min(left, LONGEST_MS);
    left -= part;
    timer = setTimeout(() => (left > 0 ? arm() : callback()), part);
    each(timer);
  }

  arm();
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
