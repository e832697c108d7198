import { isLifeboatError } from "@lifeboat/contracts";
import { messageOf } from "../errors.ts";
import type { JobControl } from "../job.ts";
import { findPlan } from "../plans/find-plan.ts";
import type { Plan } from "../plans/plan.ts";
import type { PlanFacts } from "../plans/plan-facts.ts";
import { failuresSince } from "../plans/plan-status.ts";
import { type PlanTaskWork, runTask } from "../plans/task-run.ts";
import type { RunContext } from "../run-context.ts";
import { type ApplyOptions, applyPlanRetention } from "./apply-retention.ts";
import type { PlanPruneReport } from "./retention-types.ts";

/** Applies the retention of a plan as a task of it: in one process of the installation at a time, and remembered. */
export function pruneWork(
  engine: RunContext,
  plan: Plan,
  options: ApplyOptions,
  onReport: (report: PlanPruneReport) => void = () => {},
): PlanTaskWork {
  return {
    task: "prune",
    kind: "prune",
    async run(site, job) {
      const report = await applyPlanRetention(engine, plan, site, job, options);
      onReport(report);
      return { outcome: "succeeded", message: `${report.removed.length} removed, ${report.kept} kept` };
    },
  };
}

/** A prune that somebody asked for. */
export async function prunePlanByHand(engine: RunContext, name: string, job: JobControl): Promise<PlanPruneReport> {
  const plan = findPlan(engine, name, "plans.prune");
  let report: PlanPruneReport | undefined;
  const work = pruneWork(engine, plan, { alwaysFree: true }, (found) => {
    report = found;
  });
  await runTask({ engine, plan, work }, job);
  if (report === undefined) throw new Error("A prune that somebody asked for was taken for one that is not needed.");
  return report;
}

/**
 * The prune that is part of a plan's run, once its backup is there. The backup has succeeded whatever becomes of it: a
 * failure is remembered as the prune's own. What running backups still rely on is left to the next one, without waiting.
 */
export async function pruneAfterBackup(engine: RunContext, plan: Plan, job: JobControl): Promise<void> {
  if (plan.retention === null || plan.prune !== null) return;
  try {
    await runTask({ engine, plan, work: pruneWork(engine, plan, { waitMs: 0 }) }, job);
  } catch (error) {
    if (isLifeboatError(error, "LOCKED")) return; // another process of the installation is at it
    job.warning("prune-failed", `The backup is made; removing older ones failed: ${messageOf(error)}`);
  }
}

/** A prune by a schedule of its own waits until there is a backup after the last failure: nothing goes after a failed run. */
export function isPruneHeld(facts: PlanFacts): boolean {
  return facts.lastSuccess === null || failuresSince(facts).length > 0;
}
