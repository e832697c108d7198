import { randomBytes } from "node:crypto";
import {
  type Job,
  type JobEvent,
  type JobKind,
  type JobPhase,
  type JobProgress,
  type JobStatus,
  LifeboatError,
  type Problem,
} from "@lifeboat/contracts";
import { createEventLog } from "./event-log.ts";
import type { JobResult } from "./events/engine-events.ts";
import type { JobEnd, TellJob } from "./events/job-events.ts";
import { createMeter } from "./meter.ts";

/** What a job is started with. */
export interface JobStart<T> {
  readonly kind: JobKind;
  readonly site: string;
  /** The plan that it is a run of. */
  readonly plan?: string | undefined;
  /** What is told of what it came to. */
  readonly result?: ((value: T) => JobResult) | undefined;
  /** The caller's; aborting it cancels the job. */
  readonly signal?: AbortSignal | undefined;
}

/** What there is to do, where it is known. */
export interface JobTotals {
  readonly entries?: number | undefined;
  readonly bytes?: number | undefined;
}

/** The running side of a job. */
export interface JobControl {
  readonly id: string;
  readonly kind: JobKind;
  readonly signal: AbortSignal;
  /** Aborts where a job that was stopped may not even tidy up any longer: what is left then, the next run clears away. */
  readonly tidying?: AbortSignal | undefined;
  /** How far it is. */
  progress(): JobProgress;
  readonly phase: (phase: JobPhase, source?: string) => void;
  /** Sets what there is to do. */
  totals(totals: JobTotals): void;
  /** Sets how much is done. */
  done(entries: number, bytes: number): void;
  problem(problem: Problem): void;
  warning(code: string, message: string): void;
}

/** So many milliseconds lie at least between two events of progress. */
const PROGRESS_MS = 100;
/** So many problems are told one by one; a job's result has their count. */
const MAX_PROBLEM_EVENTS = 1000;

/** Starts a job in the next microtask. */
export function startJob<T>(start: JobStart<T>, run: (control: JobControl) => Promise<T>, tell: TellJob): Job<T> {
  const id = `${start.kind}-${randomBytes(6).toString("hex")}`;
  const controller = new AbortController();
  const signal = start.signal === undefined ? controller.signal : AbortSignal.any([controller.signal, start.signal]);
  const log = createEventLog();
  const teller = tell({ id, kind: start.kind, site: start.site, plan: start.plan });
  const started = new Date();
  let finished: Date | undefined;
  let status: JobStatus = "running";
  let failure: unknown;
  let problems = 0;
  let lastProgress = Number.NEGATIVE_INFINITY;
  let meter = createMeter(() => performance.now());
  let current: JobProgress = { phase: "preparing", entries: 0, bytes: 0, bytesPerSecond: 0 };

  let doneEntries = 0;
  let doneBytes = 0;

  /** The progress as it is now; {@link JobControl.done} comes for each of many entries, and only notes two numbers. */
  function snapshot(): JobProgress {
    const { remainingMs: _, ...rest } = current;
    return { ...rest, entries: doneEntries, bytes: doneBytes, ...meter.pace(doneBytes, current.totalBytes) };
  }

  function report(next: JobProgress, always = false): void {
    current = next;
    const now = performance.now();
    if (!always && now - lastProgress < PROGRESS_MS) return;
    lastProgress = now;
    log.progress(next);
  }

  function add(event: Exclude<JobEvent, { type: "progress" }>): void {
    log.add(event);
    teller.event(event);
  }

  const control: JobControl = {
    id,
    kind: start.kind,
    signal,
    progress: snapshot,
    phase(phase, source) {
      const { source: _, ...rest } = snapshot();
      const named = source === undefined ? {} : { source };
      add({ type: "phase", phase, ...named });
      report({ ...rest, phase, ...named }, true);
    },
    totals({ entries, bytes }) {
      meter = createMeter(() => performance.now());
      const { phase, source } = current;
      doneEntries = 0;
      doneBytes = 0;
      report({
        phase,
        ...(source === undefined ? {} : { source }),
        entries: 0,
        bytes: 0,
        bytesPerSecond: 0,
        ...(entries === undefined ? {} : { totalEntries: entries }),
        ...(bytes === undefined ? {} : { totalBytes: bytes }),
      });
    },
    done(entries, bytes) {
      doneEntries = entries;
      doneBytes = bytes;
      if (performance.now() - lastProgress >= PROGRESS_MS) report(snapshot());
    },
    problem(problem) {
      problems += 1;
      if (problems <= MAX_PROBLEM_EVENTS) add({ type: "problem", problem });
      if (problems !== MAX_PROBLEM_EVENTS) return;
      control.warning("more-problems", "Further problems are counted, but not told one by one.");
    },
    warning(code, message) {
      add({ type: "warning", code, message });
    },
  };

  function end(how: Omit<JobEnd, "progress">): void {
    status = how.status;
    finished = new Date();
    report(snapshot(), true);
    log.end();
    teller.ended({ ...how, progress: current });
  }

  async function work(): Promise<T> {
    await Promise.resolve(); // the caller has the job before anything happens
    try {
      signal.throwIfAborted();
      const value = await run(control);
      end({ status: "succeeded", result: start.result?.(value) });
      return value;
    } catch (error) {
      failure = error;
      end({ status: signal.aborted && error === signal.reason ? "cancelled" : "failed", error });
      throw error;
    }
  }

  const promise = work();
  promise.catch(() => undefined); // nobody has to await a job; `status` and `error` tell that it failed

  return {
    id,
    kind: start.kind,
    site: start.site,
    started,
    get finished() {
      return finished;
    },
    get status() {
      return status;
    },
    get progress() {
      return finished === undefined ? snapshot() : current;
    },
    get error() {
      return failure;
    },
    cancel(reason) {
      controller.abort(
        new LifeboatError({
          code: "ABORTED",
          operation: start.kind,
          message:
            reason === undefined ? `The ${start.kind} was cancelled.` : `The ${start.kind} was cancelled: ${reason}`,
        }),
      );
    },
    // biome-ignore lint/suspicious/noThenProperty: a job is awaitable by contract
    then: (fulfilled, rejected) => promise.then(fulfilled, rejected), // oxlint-disable-line unicorn/no-thenable
    [Symbol.asyncIterator]: (): AsyncIterator<JobEvent> => log.read(),
  };
}
