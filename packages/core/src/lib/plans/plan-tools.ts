import type { JobRegistry } from "../jobs.ts";
import { applyPlanRetention } from "../retention/apply-retention.ts";
import { previewRetention } from "../retention/preview-retention.ts";
import type { RunContext } from "../run-context.ts";
import { findPlan } from "./find-plan.ts";
import { planInfo, planStatus } from "./plan-status.ts";
import type { PlanTools } from "./plan-types.ts";

/** The plans of an engine. */
export function createPlanTools(engine: RunContext, jobs: JobRegistry): PlanTools {
  return {
    list: () => [...engine.plans.values()].map((plan) => planInfo(engine, plan)),
    status: async (name, options = {}) => planStatus(engine, findPlan(engine, name, "plans.status"), options),
    preview: (name, options) => previewRetention(engine, name, options),
    prune(name, { signal } = {}) {
      const site = engine.plans.get(name)?.site ?? "";
      return jobs.start({ kind: "prune", site, signal }, async (job) => {
        const plan = findPlan(engine, name, "plans.prune");
        return applyPlanRetention(engine, plan, await engine.sites.open(plan.site, job), job, { alwaysFree: true });
      });
    },
  };
}
