/**
 * The same items, but an abort ends the wait for the next one at once: the pull
 * rejects with `signal.reason`. What a storage reads bodies through, since a body
 * may stay silent for ever.
 *
 * The items' own iterator is closed on every way out. After an abort its closing
 * is not awaited, because it may be stuck in the very pull that was given up.
 */
export async function* interruptible<T>(items: AsyncIterable<T>, signal?: AbortSignal): AsyncGenerator<T> {
  if (signal === undefined) {
    yield* items;
    return;
  }
  signal.throwIfAborted();
  const iterator = items[Symbol.asyncIterator]();
  let interrupt: (() => void) | undefined;
  const onAbort = () => interrupt?.();
  const pull = () =>
    new Promise<IteratorResult<T>>((resolve, reject) => {
      interrupt = () => reject(signal.reason);
      iterator.next().then(resolve, reject);
    });
  signal.addEventListener("abort", onAbort, { once: true });
  let open = true;
  try {
    for (;;) {
      signal.throwIfAborted();
      let result: IteratorResult<T>;
      try {
        result = await pull();
      } catch (error) {
        open = signal.aborted; // an iterator that threw has closed itself
        throw error;
      }
      if (result.done === true) {
        open = false;
        return;
      }
      yield result.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    if (open) {
      const closing = Promise.resolve(iterator.return?.());
      if (signal.aborted)
        closing.catch(() => undefined); // the abort is what the caller gets to see
      else await closing;
    }
  }
}
