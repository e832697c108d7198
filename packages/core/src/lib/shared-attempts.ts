import { type AbortOptions, orAbort } from "@lifeboat/contracts";

interface Attempt<T> {
  readonly result: Promise<T>;
  readonly given: AbortController;
  waiting: number;
}

/** Attempts at something by name: one for all who ask meanwhile. It is aborted once nobody waits for it any more. */
export interface SharedAttempts<T> {
  run(name: string, options: AbortOptions): Promise<T>;
  /** Resolves when none is under way, aborted ones among them. */
  ended(): Promise<void>;
}

/** @param attempt makes one, and may go on after its signal has aborted where it has to */
export function sharedAttempts<T>(attempt: (name: string, signal: AbortSignal) => Promise<T>): SharedAttempts<T> {
  const open = new Map<string, Attempt<T>>();
  const underWay = new Set<Promise<T>>();

  function begin(name: string): Attempt<T> {
    const given = new AbortController();
    const result = attempt(name, given.signal).finally(() => {
      underWay.delete(result);
      leave(name, begun);
    });
    const begun = { result, given, waiting: 0 };
    open.set(name, begun);
    underWay.add(result);
    return begun;
  }

  /** Whoever asks from now on gets an attempt of their own. */
  function leave(name: string, begun: Attempt<T>): void {
    if (open.get(name) === begun) open.delete(name);
  }

  return {
    async run(name, { signal }) {
      signal?.throwIfAborted();
      const shared = open.get(name) ?? begin(name);
      shared.waiting += 1;
      try {
        return await orAbort(shared.result, signal);
      } finally {
        shared.waiting -= 1;
        if (shared.waiting === 0) {
          leave(name, shared);
          shared.given.abort(signal?.reason);
        }
      }
    },
    async ended() {
      await Promise.allSettled(underWay);
    },
  };
}
