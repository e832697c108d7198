type Pull<T> = () => Promise<IteratorResult<T>>;

/**
 * The items, each pulled by way of `by`. Their iterator is closed where it is left
 * early; one that ended or threw has closed itself.
 */
export async function* through<T>(
  items: AsyncIterable<T>,
  by: (pull: Pull<T>) => Promise<IteratorResult<T>>,
): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  let open = true;
  const pull: Pull<T> = async () => {
    try {
      return await iterator.next();
    } catch (error) {
      open = false;
      throw error;
    }
  };
  try {
    for (;;) {
      const result = await by(pull);
      if (result.done === true) {
        open = false;
        return;
      }
      yield result.value;
    }
  } finally {
    if (open) await iterator.return?.();
  }
}
