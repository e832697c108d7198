import { isLifeboatError, type JobKind } from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { giveBack } from "../commit.ts";
import { messageOf } from "../errors.ts";
import type { JobControl } from "../job.ts";
import { claimId } from "../lease.ts";
import { taskClaim } from "../leases.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import type { VerifyLevel } from "../verify-run.ts";
import type { Plan } from "./plan.ts";
import { factsOn, type PlanFacts } from "./plan-facts.ts";
import type { PlanTask, RunRecord } from "./plan-types.ts";
import { type ClosedSite, rememberRun } from "./remember-run.ts";

/** How a task went that could do its work. */
export type TaskOutcome = Pick<RunRecord, "outcome" | "code" | "message">;

/** A task of a plan that is no backup. */
export interface PlanTaskWork {
  readonly task: Exclude<PlanTask, "backup">;
  /** The kind of its jobs. */
  readonly kind: JobKind;
  readonly level?: VerifyLevel | undefined;
  /** Does it. What it throws is how it failed. */
  run(site: OpenSite, job: JobControl): Promise<TaskOutcome>;
}

/** A run of such a task. */
export interface TaskRun {
  readonly engine: RunContext;
  readonly plan: Plan;
  readonly work: PlanTaskWork;
  /** The slot it is for; absent where somebody asked for it. */
  readonly due?: Date | undefined;
  /** Looks, once no other process can run it, whether it is needed still: the slot it is for then, or `null`. */
  readonly admit?: ((facts: PlanFacts) => Date | null) | undefined;
  readonly isStopping?: (() => boolean) | undefined;
}

/**
 * Runs a task of a plan, in one process of the instance at a time, and remembers how it went. `null`: it was not
 * needed any more.
 *
 * @throws LOCKED where another process runs it; what the task throws
 */
export async function runTask(run: TaskRun, job: JobControl): Promise<TaskOutcome | null> {
  const { engine, plan, work } = run;
  const { clock, instance } = engine;
  const { task, level } = work;
  const started = new Date(clock.now());
  const about = { plan: plan.name, task, job: job.id } as const;
  let { due } = run;

  async function remember(place: OpenSite | ClosedSite, outcome: TaskOutcome, error?: unknown): Promise<void> {
    const slot = due === undefined ? {} : { due };
    const finished = new Date(clock.now());
    const what = { instance, plan: plan.name, task, ...(level === undefined ? {} : { level }), ...slot };
    const isWanted = outcome.outcome !== "cancelled" || (due !== undefined && run.isStopping?.() !== true);
    if (isWanted) await rememberRun(engine, place, { ...what, started, finished, ...outcome }, job);
    engine.planEvents.tell({
      type: "ended",
      ...about,
      ...slot,
      outcome: outcome.outcome,
      ...(error === undefined ? {} : { error }),
    });
  }

  async function claimed(site: OpenSite): Promise<TaskOutcome | null> {
    const id = newBackupId(new Date(clock.now()), "manual");
    const claim = taskClaim(instance, plan.name, level === undefined ? task : `${task} ${level}`);
    const lease = await claimId(site.context, { id, kind: "task", sources: [claim] }, job);
    const control = { ...job, signal: AbortSignal.any([job.signal, lease.signal]) };
    try {
      const slot = run.admit?.(await factsOn(engine, site, plan, control));
      if (slot === null) return null;
      if (slot !== undefined) due = slot;
      engine.planEvents.tell({ type: "started", ...about, ...(due === undefined ? {} : { due }) });
      return await toItsEnd(site, control);
    } finally {
      await giveBack(lease, true, job);
    }
  }

  async function toItsEnd(site: OpenSite, control: JobControl): Promise<TaskOutcome> {
    let outcome: TaskOutcome;
    try {
      outcome = await work.run(site, control);
    } catch (error) {
      await remember(site, failureOf(error), error);
      throw error;
    }
    await remember(site, outcome);
    return outcome;
  }

  let site: OpenSite;
  try {
    site = await engine.sites.open(plan.site, job);
  } catch (error) {
    await remember({ name: plan.site }, failureOf(error), error);
    throw error;
  }
  return claimed(site);
}

/** How a run ended that threw this. */
export function failureOf(error: unknown): TaskOutcome {
  const message = messageOf(error);
  if (!isLifeboatError(error)) return { outcome: "failed", message };
  return { outcome: error.code === "ABORTED" ? "cancelled" : "failed", code: error.code, message };
}
