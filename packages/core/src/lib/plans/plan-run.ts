import { isLifeboatError, type RunInfo, type Trigger } from "@lifeboat/contracts";
import type { Backup } from "../backup.ts";
import { type RunGuard, runBackup } from "../backup-run.ts";
import { messageOf } from "../errors.ts";
import type { JobControl } from "../job.ts";
import { pruneAfterBackup } from "../retention/prune-plan.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { findPlan } from "./find-plan.ts";
import { type Plan, sourceChoice } from "./plan.ts";
import { factsOn, type PlanFacts } from "./plan-facts.ts";
import { otherInstance } from "./plan-status.ts";
import type { RunOutcome } from "./plan-types.ts";
import { type ClosedSite, rememberRun } from "./remember-run.ts";
import { within } from "./within.ts";

/** What a backup of a plan is asked to be. */
export interface PlanBackupRequest {
  readonly label?: string | undefined;
  readonly preserve?: boolean | undefined;
  readonly allowEmpty?: boolean | undefined;
  readonly trigger?: Trigger | undefined;
}

/** A run of a plan. */
export interface PlanRun {
  readonly engine: RunContext;
  readonly plan: Plan;
  readonly request: PlanBackupRequest;
  /** The slot it is for; absent where somebody asked for it. */
  readonly due?: Date | undefined;
  /** Looks, once the run has its sources, whether it is needed still: the slot it is for then, or `null`. */
  readonly admit?: ((facts: PlanFacts) => Date | null) | undefined;
  /** Whether a run that was cancelled was so because the engine stops, and not because somebody wanted it. */
  readonly isStopping?: (() => boolean) | undefined;
}

/** Makes a backup of a plan that somebody asked for. */
export async function runPlanByHand(
  engine: RunContext,
  name: string,
  request: PlanBackupRequest,
  job: JobControl,
): Promise<Backup> {
  const plan = findPlan(engine, name, "backup");
  const backup = await runPlan({ engine, plan, request }, job);
  if (backup === null) throw new Error("A backup that somebody asked for was taken for one that is not needed.");
  return backup;
}

const LOOK_MS = 10_000;

/** Makes a backup of a plan, and remembers where that failed. `null`: it was not needed any more. */
export async function runPlan(run: PlanRun, job: JobControl): Promise<Backup | null> {
  const { engine, plan, request } = run;
  const { name, site, limits } = plan;
  const started = new Date(engine.clock.now());
  let { due } = run;
  let admitted = false;
  let remembered = false;
  let outcome: RunOutcome = "succeeded";

  async function isDone(place: OpenSite | ClosedSite, { tidying }: JobControl): Promise<boolean> {
    const { admit } = run;
    if (admit === undefined || place.context === undefined) return false;
    try {
      const options = { signal: tidying };
      const facts = await within(engine.clock, LOOK_MS, options, (signal) => factsOn(engine, place, plan, { signal }));
      return admit(facts) === null;
    } catch {
      return false; // whoever could not look only knows what it failed with
    }
  }

  async function remember(place: OpenSite | ClosedSite, error: unknown, control: JobControl): Promise<void> {
    remembered = true;
    outcome = outcomeOf(error);
    if (outcome === "cancelled" && (due === undefined || run.isStopping?.() === true)) return;
    if (isLifeboatError(error, "LOCKED") && (await isDone(place, control))) {
      outcome = "cancelled"; // another process has taken over meanwhile, and has made it
      return;
    }
    const how = {
      instance: engine.instance,
      plan: name,
      task: "backup",
      ...(due === undefined ? {} : { due }),
      started,
      finished: new Date(engine.clock.now()),
      outcome,
      ...(isLifeboatError(error) ? { code: error.code } : {}),
      message: messageOf(error),
    } as const;
    await rememberRun(engine, place, how, control);
  }

  const guard: RunGuard = {
    async admit(open, control) {
      const facts = await factsOn(engine, open, plan, control);
      const slot = run.admit?.(facts);
      if (slot === null) return null;
      if (slot !== undefined) due = slot;
      admitted = true;
      if (facts.other !== null) warnOfOther(run, facts.other, job);
      engine.planEvents.tell({ type: "started", plan: name, task: "backup", job: job.id, ...dueOf(due) });
      return { plan: name, ...dueOf(due) };
    },
    failed: remember,
  };
  try {
    const sources = sourceChoice(plan, engine.sources);
    const backup = await runBackup(
      engine,
      { ...request, site, sources, limits, run: { plan: name, ...dueOf(due) } },
      job,
      guard,
    );
    if (backup === null) return null;
    ended({ backup: backup.id });
    await pruneAfterBackup(engine, plan, job);
    return backup;
  } catch (error) {
    // Whoever finds the sources taken looks again; who asked for it, is told.
    if (isLifeboatError(error, "LOCKED") && !admitted) throw error;
    if (!remembered) await remember({ name: site }, error, job);
    ended({ error });
    throw error;
  }

  function ended(more: { readonly error?: unknown; readonly backup?: string }): void {
    engine.planEvents.tell({ type: "ended", plan: name, task: "backup", job: job.id, ...dueOf(due), outcome, ...more });
  }
}

function warnOfOther({ engine, plan }: PlanRun, other: NonNullable<PlanFacts["other"]>, job: JobControl): void {
  const warning = otherInstance(engine, plan, other);
  job.warning(warning.code, warning.message);
  engine.planEvents.tell({ type: "warning", plan: plan.name, warning });
}

function outcomeOf(error: unknown): RunOutcome {
  return isLifeboatError(error, "ABORTED") ? "cancelled" : "failed";
}

function dueOf(due: Date | undefined): Pick<RunInfo, "due"> {
  return due === undefined ? {} : { due };
}
