import type { JobRegistry } from "../jobs.ts";
import { previewRetention } from "../retention/preview-retention.ts";
import { prunePlanByHand } from "../retention/prune-plan.ts";
import type { RunContext } from "../run-context.ts";
import { findPlan } from "./find-plan.ts";
import { planInfo, planStatus } from "./plan-status.ts";
import type { PlanTools } from "./plan-types.ts";
import { createRunning } from "./running.ts";
import type { Scheduler } from "./scheduler.ts";

/** The plans of an engine. */
export function createPlanTools(engine: RunContext, jobs: JobRegistry, scheduler: Scheduler): PlanTools {
  const running = createRunning(engine.planEvents);
  return {
    list: () => [...engine.plans.values()].map((plan) => planInfo(engine, plan)),
    async status(name, options = {}) {
      const plan = findPlan(engine, name, "plans.status");
      return planStatus(engine, plan, { scheduler, running: running(name) }, options);
    },
    preview: (name, options) => previewRetention(engine, name, options),
    prune(name, { signal } = {}) {
      const site = engine.plans.get(name)?.site ?? "";
      return jobs.start({ kind: "prune", site, plan: name, signal }, (job) => prunePlanByHand(engine, name, job));
    },
  };
}
