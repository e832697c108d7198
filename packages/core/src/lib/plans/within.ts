import { type Clock, orAbort } from "@lifeboat/contracts";

/** Does something that must not hold up the end of a run, whatever the storage does. @throws TimeoutError after `ms` */
export async function within<T>(clock: Clock, ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const limit = new AbortController();
  const expiry = clock.after(ms, () => limit.abort(new DOMException("It took too long.", "TimeoutError")));
  try {
    return await orAbort(work(limit.signal), limit.signal);
  } finally {
    expiry[Symbol.dispose]();
  }
}
