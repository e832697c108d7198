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
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener("abort", abort);
        resolve();
      }, ms);
      signal?.addEventListener("abort", abort, { once: true });
    });
  },
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
