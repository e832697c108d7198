import type { Clock } from "@lifeboat/contracts";

/** Looks at everything now and then. */
export interface Watch {
  /** Looks soon, and again every quarter of an hour. */
  start(): void;
  stop(): void;
  /** Looks at once; where a look is under way, again after it. */
  ask(): void;
  /** Looks no more, and resolves once the look that is under way has ended. */
  close(): Promise<void>;
}

/** What was missed at the start may be made up for by then. */
const FIRST_MS = 60_000;
const EVERY_MS = 15 * 60_000;

/** Makes a watch that looks by `look`, which never rejects. It does not keep the process alive. */
export function createWatch(clock: Clock, look: () => Promise<void>): Watch {
  let timer: Disposable | null = null;
  let looking: Promise<void> | null = null;
  let again = false;
  let closed = false;

  function stop(): void {
    timer?.[Symbol.dispose]();
    timer = null;
  }

  function wait(ms: number): void {
    timer = clock.after(ms, () => {
      wait(EVERY_MS);
      ask();
    });
  }

  async function looks(): Promise<void> {
    do {
      again = false;
      await look();
    } while (again && !closed);
    looking = null;
  }

  function ask(): void {
    if (closed) return;
    again = true;
    looking ??= looks();
  }

  return {
    start() {
      if (timer === null && !closed) wait(FIRST_MS);
    },
    stop,
    ask,
    async close() {
      closed = true;
      stop();
      await looking;
    },
  };
}
