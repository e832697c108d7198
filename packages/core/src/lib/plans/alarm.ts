import { type Clock, LifeboatError } from "@lifeboat/contracts";

/** Waits for times of the day by a clock that may be set, on a machine that may sleep. */
export interface Alarm {
  /**
   * Resolves once it is that late, with `true`, or, with `false`, once the clock was seen to go back: then whoever waits
   * has to reckon anew. Does not keep the process alive.
   */
  until(at: number, signal: AbortSignal): Promise<boolean>;
}

interface Waiter {
  readonly at: number;
  readonly wake: (reached: boolean) => void;
}

/** Timers stand still while a machine sleeps, so it looks at the clock at least so often. */
const LOOK_MS = 60_000;
/** A clock that is slewed goes back by less. */
const BACK_MS = 1000;

/** Makes an alarm. However many wait, it has one timer, and none where nobody waits. */
export function createAlarm(clock: Clock): Alarm {
  const waiters = new Set<Waiter>();
  let timer: Disposable | undefined;
  let seen = 0;

  function schedule(): void {
    timer?.[Symbol.dispose]();
    timer = undefined;
    if (waiters.size === 0) return;
    seen = clock.now();
    const soonest = Math.min(...[...waiters].map(({ at }) => at));
    timer = clock.after(Math.max(0, Math.min(soonest - seen, LOOK_MS)), look);
  }

  function look(): void {
    const now = clock.now();
    const wentBack = now < seen - BACK_MS;
    for (const waiter of waiters) {
      if (!wentBack && waiter.at > now) continue;
      waiters.delete(waiter);
      waiter.wake(waiter.at <= now);
    }
    schedule();
  }

  return {
    async until(at, signal) {
      signal.throwIfAborted();
      if (at <= clock.now()) return true;
      let waiter: Waiter | undefined;
      let abort = () => {};
      try {
        return await new Promise<boolean>((wake, reject) => {
          abort = () => reject(signal.reason);
          signal.addEventListener("abort", abort, { once: true });
          waiter = { at, wake };
          waiters.add(waiter);
          schedule();
        });
      } finally {
        signal.removeEventListener("abort", abort);
        if (waiter !== undefined && waiters.delete(waiter)) schedule();
      }
    },
  };
}

/** What a scheduler's work is stopped with. */
export function stopped(): LifeboatError {
  return new LifeboatError({ code: "ABORTED", operation: "plans", message: "The engine's plans were stopped." });
}
