import type { ErrorCode, JobKind, JobPhase, JobStatus } from "@lifeboat/contracts";

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
    });

/** Receives what an engine does. It is called at once, and should return soon; what it throws stops nothing. */
export type EngineListener = (event: EngineEvent) => void;
