import type { AbortOptions } from "@lifeboat/contracts";

/** How far ahead to work. */
export interface OrderedOptions extends AbortOptions {
  /** At most so many at once. */
  readonly concurrency: number;
}

/**
 * The answers in the order of the questions, with a bounded number under way.
 * Leaving early, or a failure, aborts those that are still under way and waits for them.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T>,
  options: OrderedOptions,
  answer: (item: T, signal: AbortSignal) => Promise<R>,
): AsyncGenerator<R> {
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const underWay: Promise<R>[] = [];
  const iterator = items[Symbol.iterator]();
  let more = true;

  function start(): void {
    const next = iterator.next();
    if (next.done === true) {
      more = false;
      return;
    }
    const promise = answer(next.value, signal);
    promise.catch(() => undefined); // reported when its turn comes, or no longer wanted
    underWay.push(promise);
  }

  try {
    for (;;) {
      options.signal?.throwIfAborted();
      while (more && underWay.length < options.concurrency) start();
      const first = underWay.shift();
      if (first === undefined) return;
      yield await first;
    }
  } finally {
    stop.abort();
    await Promise.allSettled(underWay);
    iterator.return?.();
  }
}
