import { setMaxListeners } from "node:events";

/** A signal that follows another, and can also be aborted by itself. */
export interface Linked extends Disposable {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/** Disposing of it lets go of the other signal, which may live for a whole run. */
export function linked(other: AbortSignal | undefined): Linked {
  const own = new AbortController();
  setMaxListeners(0, own.signal); // one for each request on its way
  const follow = () => own.abort(other?.reason);
  if (other?.aborted) follow();
  other?.addEventListener("abort", follow, { once: true });
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    [Symbol.dispose]: () => other?.removeEventListener("abort", follow),
  };
}

/** The same outcome, but an abort ends the wait at once, with the signal's reason. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return await work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener("abort", stop);
  }
}

/** Waits for a turn and does the work; an abort ends the wait at once, and the work sees to itself. */
export async function inTurn<T>(
  limit: (work: () => Promise<T>) => Promise<T>,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T> {
  let begun: Promise<T> | undefined;
  const turn = limit(async () => {
    signal?.throwIfAborted();
    begun = work();
    return await begun;
  });
  try {
    return await abortable(turn, signal);
  } catch (error) {
    if (begun !== undefined && signal?.aborted) return await begun;
    throw error;
  }
}

/** A signal that follows another some time later. */
export function delayed(other: AbortSignal, milliseconds: number): Linked {
  const own = linked(undefined);
  let timer: NodeJS.Timeout | undefined;
  const follow = () => {
    timer = setTimeout(() => own.abort(other.reason), milliseconds);
  };
  if (other.aborted) follow();
  else other.addEventListener("abort", follow, { once: true });
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    [Symbol.dispose]: () => {
      other.removeEventListener("abort", follow);
      clearTimeout(timer);
    },
  };
}
