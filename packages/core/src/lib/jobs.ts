import type { Job } from "@lifeboat/contracts";
import { holdBack, type TellJob } from "./events/job-events.ts";
import { type JobControl, type JobStart, startJob } from "./job.ts";

/** A job whose result is of no concern. */
export type AnyJob = Job<unknown>;

/** The jobs of an engine, running and finished, so that a page that is reloaded finds its own again. */
export interface Jobs {
  /** Every running job and the last 100 finished ones, newest first. */
  list(): AnyJob[];
  /** The job with this id, or `undefined` where there is none (any more). */
  get(id: string): AnyJob | undefined;
}

/** The engine's side of {@link Jobs}. */
export interface JobRegistry extends Jobs {
  start<T>(start: JobStart<T>, run: (control: JobControl) => Promise<T>): Job<T>;
  /** Starts a job that nobody sees or hears of unless it is adopted. */
  prepare<T>(start: JobStart<T>, run: (control: JobControl) => Promise<T>): Job<T>;
  /** Takes in a job that was prepared. */
  adopt(job: AnyJob): void;
  /** Cancels what runs and waits until it has ended. */
  close(): Promise<void>;
}

const KEPT = 100;

/** Makes an empty registry. */
export function createJobs(tell: TellJob): JobRegistry {
  const jobs = new Map<string, AnyJob>();
  const prepared = new WeakMap<AnyJob, () => void>();

  function forget(): void {
    const finished = [...jobs.values()].filter((job) => job.status !== "running");
    for (const job of finished.slice(0, Math.max(0, finished.length - KEPT))) jobs.delete(job.id);
  }

  function keep(job: AnyJob): void {
    jobs.set(job.id, job);
    job.then(forget, forget);
  }

  return {
    start(start, run) {
      const job = startJob(start, run, tell);
      keep(job);
      return job;
    },
    prepare(start, run) {
      const held = holdBack(tell);
      const job = startJob(start, run, held.tell);
      prepared.set(job, held.release);
      return job;
    },
    adopt(job) {
      prepared.get(job)?.();
      keep(job);
    },
    list: () => [...jobs.values()].reverse(),
    get: (id) => jobs.get(id),
    async close() {
      const running = [...jobs.values()].filter((job) => job.status === "running");
      for (const job of running) job.cancel("the engine is closing");
      await Promise.allSettled(running);
    },
  };
}
