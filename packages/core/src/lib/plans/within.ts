import { type AbortOptions, type Clock, orAbort } from "@lifeboat/contracts";

/**
 * Does something that must not hold up the end of a run, whatever the storage does.
 *
 * @throws TimeoutError after `ms`; the signal's reason
 */
export async function within<T>(
  clock: Clock,
  ms: number,
  options: AbortOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const expiry = clock.after(ms, () => limit.abort(new DOMException("It took too long.", "TimeoutError")));
  const signal = options.signal === undefined ? limit.signal : AbortSignal.any([limit.signal, options.signal]);
  try {
    return await orAbort(work(signal), signal);
  } finally {
    expiry[Symbol.dispose]();
  }
}
