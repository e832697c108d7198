import type { JobControl } from "../job.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { runVerifySite } from "../verify/verify-site-run.ts";
import { runVerify } from "../verify-run.ts";
import type { Plan, PlanVerify } from "./plan.ts";
import { factsOn } from "./plan-facts.ts";
import type { TaskOutcome } from "./task-run.ts";

/** Verifies what a plan says: its site, or a share of it; as a drill, its newest backup. */
export async function runPlanVerify(
  engine: RunContext,
  plan: Plan,
  { level, share }: PlanVerify,
  site: OpenSite,
  job: JobControl,
): Promise<TaskOutcome> {
  if (level !== "restore") {
    const { ok, problems } = await runVerifySite(engine, { site: plan.site, level, share }, job);
    return ok ? { outcome: "succeeded" } : found(problems);
  }
  const { lastSuccess } = await factsOn(engine, site, plan, job);
  if (lastSuccess === null) return { outcome: "succeeded", message: "There is no backup of the plan to restore." };
  const { ok, problems, checks } = await runVerify(engine, { site: plan.site, id: lastSuccess.id, level }, job);
  return ok ? { outcome: "succeeded" } : found([...problems, ...checks.filter((check) => check.level === "error")]);
}

function found(problems: readonly { readonly message: string }[]): TaskOutcome {
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : "";
  return { outcome: "failed", code: "CORRUPT", message: `${first?.message ?? "Something is wrong."}${more}` };
}
