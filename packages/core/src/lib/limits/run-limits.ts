import type { Clock } from "@lifeboat/contracts";
import type { JobControl } from "../job.ts";
import { parseDuration } from "../plans/duration.ts";
import { withinTime } from "./time-limit.ts";

/** What a run may take. */
export interface RunLimits {
  /**
   * How long it may last: `"90s"`, `"15m"`, `"12h"`, `"3d"`, `"2w"`. Then it is stopped, within 3 seconds
   * even where the storage does not answer, and rejects with TIMEOUT, reason `time-limit`, retryable.
   * Nothing of it is listed. Default: as long as it takes.
   */
  readonly time?: string | undefined;
}

/** Limits, read and checked. */
export interface Limits {
  readonly timeMs?: number | undefined;
}

/** @throws INVALID, naming the limit that is none */
export function readLimits({ time }: RunLimits = {}): Limits {
  return time === undefined ? {} : { timeMs: parseDuration(time, "limits.time") };
}

/**
 * Runs a job within its limits.
 *
 * @throws TIMEOUT with the reason `time-limit`; and what the job throws
 */
export async function withinLimits<T>(
  { timeMs }: Limits,
  clock: Clock,
  job: JobControl,
  run: (job: JobControl) => Promise<T>,
): Promise<T> {
  return timeMs === undefined ? run(job) : withinTime({ ms: timeMs, clock }, job, run);
}
