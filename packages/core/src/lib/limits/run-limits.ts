import type { Clock } from "@lifeboat/contracts";
import type { JobControl } from "../job.ts";
import { parseDuration } from "./duration.ts";
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

/**
 * Runs a job within its limits.
 *
 * @throws INVALID where a limit is none; TIMEOUT with the reason `time-limit`; and what the job throws
 */
export async function withinLimits<T>(
  { time }: RunLimits,
  clock: Clock,
  job: JobControl,
  run: (job: JobControl) => Promise<T>,
): Promise<T> {
  if (time === undefined) return run(job);
  return withinTime({ ms: parseDuration(time, "limits.time"), clock }, job, run);
}
