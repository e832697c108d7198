import type { Job } from "@lifeboat/contracts";
import type { TellJob } from "./events/job-events.ts";
import { tellLater } from "./events/tell-later.ts";
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

/** A job that nobody sees yet. */
export interface HiddenJob<T> {
  readonly job: Job<T>;
  /** Lets everybody see it, and tells what it has done; also after it has ended. */
  readonly show: () => void;
}

/** The engine's side of {@link Jobs}. */
export interface JobRegistry extends Jobs {
  start<T>(start: JobStart<T>, run: (control: JobControl) => Promise<T>): Job<T>;
  /** Starts a job that nobody sees before it is shown, and that is not closed before: most likely it is not needed. */
  startHidden<T>(start: JobStart<T>, run: (control: JobControl) => Promise<T>): HiddenJob<T>;
  /** Cancels what runs and waits until it has ended. */
  close(): Promise<void>;
}

const KEPT = 100;

/** Makes an empty registry. */
export function createJobs(tell: TellJob): JobRegistry {
  const jobs = new Map<string, AnyJob>();

  function forget(): void {
    const finished = [...jobs.values()].filter((job) => job.status !== "running");
    for (const job of finished.slice(0, Math.max(0, finished.length - KEPT))) jobs.delete(job.id);
  }

  function keep<T>(job: Job<T>): Job<T> {
    jobs.set(job.id, job);
    job.then(forget, forget);
    return job;
  }

  return {
    start: (start, run) => keep(startJob(start, run, tell)),
    startHidden(start, run) {
      const later = tellLater(tell);
      const job = startJob(start, run, later.tell);
      const show = () => {
        if (later.show()) keep(job);
      };
      return { job, show };
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
