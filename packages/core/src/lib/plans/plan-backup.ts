import type { Trigger } from "@lifeboat/contracts";
import type { Backup } from "../backup.ts";
import { runBackup } from "../backup-run.ts";
import type { JobControl } from "../job.ts";
import type { RunContext } from "../run-context.ts";
import { findPlan } from "./find-plan.ts";
import { sourceChoice } from "./plan.ts";

/** What a backup of a plan is asked to be. */
export interface PlanBackupRequest {
  readonly label?: string | undefined;
  readonly preserve?: boolean | undefined;
  readonly allowEmpty?: boolean | undefined;
  readonly trigger?: Trigger | undefined;
}

/** Makes a backup of a plan that somebody asked for. */
export async function planBackup(
  engine: RunContext,
  name: string,
  request: PlanBackupRequest,
  job: JobControl,
): Promise<Backup> {
  const plan = findPlan(engine, name, "backup");
  const sources = sourceChoice(plan, engine.sources);
  const { site, limits } = plan;
  return runBackup(engine, { ...request, site, sources, limits, run: { plan: plan.name } }, job);
}
