import { type AbortOptions, isLifeboatError } from "@lifeboat/contracts";
import { messageOf } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import { chooseSources } from "../sources.ts";
import { type Plan, sourceChoice } from "./plan.ts";
import { noFacts, type PlanFacts, readPlanFacts } from "./plan-facts.ts";
import type { PlanInfo, PlanStatus, PlanWarning, RunRecord } from "./plan-types.ts";
import type { Scheduler } from "./scheduler.ts";

/** A plan as it was given. */
export function planInfo(engine: RunContext, plan: Plan): PlanInfo {
  const { name, site, schedule, staleAfterMs } = plan;
  const next = schedule?.next(null, engine.clock.now());
  return {
    name,
    site,
    sources: sourcesOf(engine, plan),
    ...(schedule === null ? {} : { schedule: schedule.text }),
    ...(next === undefined ? {} : { nextSlot: new Date(next) }),
    ...(staleAfterMs === null ? {} : { staleAfterMs }),
  };
}

/** The ids of what it would take now; those that are missing too, since the run will say so. */
function sourcesOf({ sources }: RunContext, plan: Plan): readonly string[] {
  const choice = sourceChoice(plan, sources);
  try {
    return chooseSources(sources, choice).map(({ source }) => source.id);
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    return choice === undefined ? [] : Array.isArray(choice) ? choice : Object.keys(choice);
  }
}

/** What of a plan is going on in this engine. */
export interface PlanActivity {
  readonly scheduler: Scheduler;
  /** The ids of its jobs. */
  readonly running: readonly string[];
}

/** Looks how a plan stands. */
export async function planStatus(
  engine: RunContext,
  plan: Plan,
  { scheduler, running }: PlanActivity,
  options: AbortOptions,
): Promise<PlanStatus> {
  const warnings: PlanWarning[] = [];
  const kept = engine.records.kept(plan.site).filter((record) => record.plan === plan.name);
  let facts = noFacts(engine, kept);
  try {
    facts = await readPlanFacts(engine, plan, options);
  } catch (error) {
    options.signal?.throwIfAborted();
    warnings.push({ code: "site-away", message: `The site "${plan.site}" can't be looked at: ${messageOf(error)}` });
  }
  const { lastSuccess, other, records } = facts;
  if (other !== null) warnings.push(otherInstance(engine, plan, other));
  const failed = failuresSince(facts);
  const lastFailure = records.findLast(({ outcome }) => outcome === "failed");
  const last = (task: RunRecord["task"]) => records.findLast((record) => record.task === task);
  const [lastVerify, lastDrill, lastPrune] = [last("verify"), last("drill"), last("prune")];
  return {
    ...planInfo(engine, plan),
    started: scheduler.started,
    next: scheduler
      .lanes(plan.name)
      .flatMap(({ next }) => next ?? [])
      .sort((a, b) => a.at.getTime() - b.at.getTime()),
    running,
    ...(lastSuccess === null ? {} : { lastSuccess }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    failures: failed.length,
    ...(lastVerify === undefined ? {} : { lastVerify }),
    ...(lastDrill === undefined ? {} : { lastDrill }),
    ...(lastPrune === undefined ? {} : { lastPrune }),
    warnings,
  };
}

/** The backups of a plan that failed since its last one that succeeded. */
export function failuresSince({ lastSuccess, records }: PlanFacts): readonly RunRecord[] {
  const since = lastSuccess?.started.getTime() ?? Number.NEGATIVE_INFINITY;
  return records.filter(
    ({ task, outcome, started }) => task === "backup" && outcome === "failed" && started.getTime() > since,
  );
}

/** Says that a host may have been cloned. */
export function otherInstance(
  { instance }: RunContext,
  { name, site }: Plan,
  other: NonNullable<PlanFacts["other"]>,
): PlanWarning {
  const message =
    `The newest backup of the plan "${name}" on site "${site}" (${other.id}) was made by the instance ` +
    `"${other.instance}", not by this one, "${instance}". If that is a clone of this host, or this is one of it, give ` +
    "each its own site; if this host was renamed, give createBackupEngine the old name as `instance`.";
  return { code: "other-instance", message };
}
