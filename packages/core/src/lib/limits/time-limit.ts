import { type Clock, type LifeboatError, orAbort } from "@lifeboat/contracts";
import type { JobControl } from "../job.ts";
import { timedOut } from "./busy.ts";

/** How long a job may last. */
export interface TimeLimit {
  readonly ms: number;
  readonly clock: Clock;
}

/** How long a job that was stopped has: to tidy up, and then to end. Both are over within 3 s, for short limits sooner. */
export function graceOf(limitMs: number): { readonly tidyMs: number; readonly endMs: number } {
  const endMs = Math.min(2500, Math.max(250, 0.3 * limitMs));
  return { tidyMs: 0.8 * endMs, endMs };
}

/**
 * Runs a job, and aborts it when its time is over. It may then tidy up until {@link JobControl.tidying} aborts.
 * Where even that does not end it, because some call heeds no abort, it is left to itself.
 *
 * @throws TIMEOUT with the reason `time-limit`
 */
export async function withinTime<T>(
  { ms, clock }: TimeLimit,
  job: JobControl,
  run: (job: JobControl) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const tidying = new AbortController();
  const end = new AbortController();
  const signal = AbortSignal.any([job.signal, limit.signal]);
  const { tidyMs, endMs } = graceOf(ms);
  let moved = clock.monotonic();
  let seen = 0;
  let error: LifeboatError | null = null;

  function expire(): void {
    error = timedOut({ kind: job.kind, limitMs: ms, progress: job.progress(), idleMs: clock.monotonic() - moved });
    limit.abort(error);
    timer = clock.after(tidyMs, () => {
      tidying.abort(signal.reason);
      timer = clock.after(endMs - tidyMs, () => end.abort(signal.reason));
    });
  }

  let timer = clock.after(ms, expire);
  const control: JobControl = {
    ...job,
    signal,
    tidying: tidying.signal,
    phase(phase, source) {
      moved = clock.monotonic();
      job.phase(phase, source);
    },
    done(entries, bytes) {
      if (entries + bytes !== seen) moved = clock.monotonic();
      seen = entries + bytes;
      job.done(entries, bytes);
    },
  };
  try {
    return await orAbort(run(control), end.signal);
  } catch (failure) {
    if (end.signal.aborted) job.warning("left-behind", LEFT_TO_ITSELF);
    throw error !== null && signal.reason === error ? error : failure;
  } finally {
    timer[Symbol.dispose]();
  }
}

const LEFT_TO_ITSELF =
  "A call to the storage or to a source heeds no abort and has not ended yet. What it leaves, the next run clears away.";
