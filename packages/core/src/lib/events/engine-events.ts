import type { ErrorCode, JobKind, JobPhase, JobStatus } from "@lifeboat/contracts";
import type { HealthReport } from "../health/health-types.ts";
import type { Notification } from "../notify/notify-types.ts";
import type { PlannedRun, PlanTask, RunOutcome } from "../plans/plan-types.ts";

/** What every event of a job tells. */
export interface JobEventBase {
  /** By the engine's clock. */
  readonly time: Date;
  /** The job's id, as in `engine.jobs`. */
  readonly job: string;
  readonly kind: JobKind;
  readonly site: string;
  /** The plan that it is a run of. */
  readonly plan?: string;
}

/** Why something failed, without what could be secret. */
export interface FailureInfo {
  /** `UNKNOWN`: it was no LifeboatError, which is a fault of this code or of a source. */
  readonly code: ErrorCode | "UNKNOWN";
  /** A finer name of the cause, where there is one. */
  readonly reason?: string;
  readonly message: string;
  readonly hint?: string;
}

/** What every event of a plan tells. */
export interface PlanEventBase {
  readonly time: Date;
  readonly plan: string;
  readonly site: string;
}

/** What a job came to, as far as its kind has such. */
export interface JobResult {
  /** The backup that was made or looked at. */
  readonly backup?: string;
  /** Of a verification: whether nothing was wrong. */
  readonly ok?: boolean;
  /** Entries that could not be taken, or problems that a verification found. */
  readonly problems?: number;
  /** Bytes that a backup takes in the storage. */
  readonly storedBytes?: number;
}

/**
 * What an engine does, for logs, metrics and traces. No event holds a secret: messages come from coded errors, and
 * URLs in them lose their user names, passwords and queries.
 */
export type EngineEvent =
  | (JobEventBase & { readonly type: "job-started" })
  | (JobEventBase & { readonly type: "job-phase"; readonly phase: JobPhase; readonly source?: string })
  | (JobEventBase & { readonly type: "job-warning"; readonly code: string; readonly message: string })
  /** An entry that could not be taken, or something that a verification found: the first 1,000 of a job. */
  | (JobEventBase & {
      readonly type: "job-problem";
      readonly source: string;
      readonly path?: string;
      readonly code: string;
      readonly message: string;
    })
  | (JobEventBase & {
      readonly type: "job-ended";
      readonly status: Exclude<JobStatus, "running">;
      readonly durationMs: number;
      readonly entries: number;
      /** Bytes of content. */
      readonly bytes: number;
      readonly result?: JobResult;
      /** Why it failed, or was cancelled. */
      readonly error?: FailureInfo;
    })
  /** What a plan does next by itself, and why: told whenever that has changed. */
  | (PlanEventBase & { readonly type: "plan-next"; readonly next: PlannedRun })
  /** A run of a plan has what it needs, and begins. */
  | (PlanEventBase & {
      readonly type: "plan-started";
      readonly task: PlanTask;
      readonly job: string;
      /** The time of the schedule that it is for; absent where somebody asked for it. */
      readonly due?: Date;
    })
  | (PlanEventBase & {
      readonly type: "plan-ended";
      readonly task: PlanTask;
      readonly job: string;
      readonly due?: Date;
      readonly outcome: RunOutcome;
      readonly error?: FailureInfo;
      /** The backup that was made. */
      readonly backup?: string;
    })
  /** A plan could not look at its site. */
  | (PlanEventBase & { readonly type: "site-away"; readonly error: FailureInfo })
  /** Something that nobody waits for did not go well: a notification or a heartbeat that could not be sent, a clone. */
  | {
      readonly type: "warning";
      readonly time: Date;
      readonly code: string;
      readonly message: string;
      readonly site?: string;
      readonly plan?: string;
    }
  /** How everything is: after each run of a plan, and every quarter of an hour once the engine was started. */
  | { readonly type: "health"; readonly time: Date; readonly report: HealthReport }
  /** Somebody is told of something. */
  | { readonly type: "notified"; readonly time: Date; readonly notification: Notification };

/** Receives what an engine does. It is called at once, and should return soon; what it throws stops nothing. */
export type EngineListener = (event: EngineEvent) => void;
