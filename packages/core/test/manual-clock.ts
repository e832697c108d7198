import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "@lifeboat/contracts";

interface Wait {
  readonly at: number;
  readonly sleeps: boolean;
  readonly ring: () => void;
}

/** A clock that only moves when it is told to. */
export interface ManualClock extends Clock {
  /** How many wait for it by `sleep`. */
  readonly sleeping: number;
  /** Goes on by so many milliseconds, and lets everything ring that is due by then, in its order. */
  advance(ms: number): void;
  /** Goes on to when the next sleeper wakes. */
  wakeNext(): void;
}

export function manualClock(start = Date.UTC(2026, 10, 20, 2)): ManualClock {
  let now = start;
  const waits = new Set<Wait>();

  function add(ms: number, sleeps: boolean, ring: () => void): Disposable {
    const wait = { at: now + Math.max(0, ms), sleeps, ring };
    waits.add(wait);
    return { [Symbol.dispose]: () => void waits.delete(wait) };
  }

  function goTo(time: number): void {
    for (;;) {
      const next = [...waits].sort((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > time) break;
      now = Math.max(now, next.at);
      waits.delete(next);
      next.ring();
    }
    now = time;
  }

  const sleepers = () => [...waits].filter(({ sleeps }) => sleeps);
  return {
    now: () => now,
    monotonic: () => now - start,
    sleep(ms, { signal } = {}) {
      return new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const abort = () => {
          wait[Symbol.dispose]();
          reject(signal?.reason);
        };
        const wait = add(ms, true, () => {
          signal?.removeEventListener("abort", abort);
          resolve();
        });
        signal?.addEventListener("abort", abort, { once: true });
      });
    },
    after: (ms, callback) => add(ms, false, callback),
    get sleeping() {
      return sleepers().length;
    },
    advance: (ms) => goTo(now + ms),
    wakeNext() {
      const next = sleepers().sort((a, b) => a.at - b.at)[0];
      if (next !== undefined) goTo(next.at);
    },
  };
}

/** Lets everything that can go on go on, for some turns of the event loop. */
export async function settle(turns = 20): Promise<void> {
  for (let n = 0; n < turns; n += 1) await turn();
}
