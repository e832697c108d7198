import type { Clock, JobEvent, JobKind, JobProgress, JobStatus } from "@lifeboat/contracts";
import { type Emit, failureInfo } from "./emitter.ts";
import type { JobResult } from "./engine-events.ts";
import { withoutSecrets } from "./redact.ts";

/** What a job is known by before it runs. */
export interface JobIdentity {
  readonly id: string;
  readonly kind: JobKind;
  readonly site: string;
  readonly plan?: string | undefined;
}

/** How a job ended. */
export interface JobEnd {
  readonly status: Exclude<JobStatus, "running">;
  readonly progress: JobProgress;
  readonly result?: JobResult | undefined;
  readonly error?: unknown;
}

/** Tells of one job. */
export interface JobTeller {
  event(event: Exclude<JobEvent, { type: "progress" }>): void;
  ended(end: JobEnd): void;
}

/** Tells that a job begins, and answers what tells of the rest. */
export type TellJob = (job: JobIdentity) => JobTeller;

/** Makes what turns jobs into the engine's events. */
export function jobEvents(emit: Emit, clock: Clock): TellJob {
  return ({ id, kind, site, plan }) => {
    const base = { job: id, kind, site, ...(plan === undefined ? {} : { plan }) };
    const started = clock.monotonic();
    emit({ ...base, type: "job-started" });
    return {
      event(event) {
        if (event.type === "phase") emit({ ...base, ...event, type: "job-phase" });
        else if (event.type === "warning") {
          emit({ ...base, type: "job-warning", code: event.code, message: withoutSecrets(event.message) });
        } else {
          const { source, path, code, message } = event.problem;
          const where = { source, ...(path === undefined ? {} : { path }) };
          emit({ ...base, type: "job-problem", ...where, code, message: withoutSecrets(message) });
        }
      },
      ended({ status, progress, result, error }) {
        emit({
          ...base,
          type: "job-ended",
          status,
          durationMs: clock.monotonic() - started,
          entries: progress.entries,
          bytes: progress.bytes,
          ...(result === undefined ? {} : { result }),
          ...(error === undefined ? {} : { error: failureInfo(error) }),
        });
      },
    };
  };
}
