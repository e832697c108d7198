import type { Problem } from "./source.ts";

/** What a job does. */
export type JobKind = "backup" | "verify" | "restore" | "copy" | "prune" | "repair" | "test";

/** How a job stands. */
export type JobStatus = "running" | "succeeded" | "failed" | "cancelled";

/** What a job is busy with. */
export type JobPhase =
  | "preparing"
  | "quiescing"
  | "backing-up"
  | "committing"
  | "sweeping"
  | "verifying"
  | "checking"
  | "restoring"
  | "copying"
  | "comparing"
  | "planning"
  | "repacking"
  | "waiting"
  | "deleting"
  | "repairing"
  | "testing"
  | "resuming";

/** How far a job is. */
export interface JobProgress {
  readonly phase: JobPhase;
  /** The source that is being worked on. */
  readonly source?: string;
  readonly entries: number;
  /** Bytes of content done. */
  readonly bytes: number;
  /** What there is to do, where it is known. */
  readonly totalEntries?: number;
  readonly totalBytes?: number;
  /** Bytes of content a second, smoothed. */
  readonly bytesPerSecond: number;
  /** Milliseconds left, where the total is known. */
  readonly remainingMs?: number;
}

/** What a job tells while it runs. That it is complete, its promise alone says. */
export type JobEvent =
  | { readonly type: "phase"; readonly phase: JobPhase; readonly source?: string }
  | { readonly type: "progress"; readonly progress: JobProgress }
  | { readonly type: "problem"; readonly problem: Problem }
  | { readonly type: "warning"; readonly code: string; readonly message: string };

/**
 * Work under way: awaitable, and async-iterable over its events. Iterating is
 * optional; an iterator that lags gets the latest progress, not all of it, but
 * never misses another event.
 */
export interface Job<T> extends PromiseLike<T>, AsyncIterable<JobEvent> {
  readonly id: string;
  readonly kind: JobKind;
  readonly site: string;
  readonly started: Date;
  readonly finished?: Date | undefined;
  readonly status: JobStatus;
  readonly progress: JobProgress;
  /** Why it failed, once it has. */
  readonly error?: unknown;
  /** Stops it; its promise then rejects with an `ABORTED` error that carries the reason. */
  cancel(reason?: string): void;
}
