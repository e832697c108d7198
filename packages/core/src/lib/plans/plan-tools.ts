import type { RunContext } from "../run-context.ts";
import { findPlan } from "./find-plan.ts";
import { planInfo, planStatus } from "./plan-status.ts";
import type { PlanTools } from "./plan-types.ts";
import { createRunning } from "./running.ts";
import type { Scheduler } from "./scheduler.ts";

/** The plans of an engine. */
export function createPlanTools(engine: RunContext, scheduler: Scheduler): PlanTools {
  const running = createRunning(engine.planEvents);
  return {
    list: () => [...engine.plans.values()].map((plan) => planInfo(engine, plan)),
    async status(name, options = {}) {
      const plan = findPlan(engine, name, "plans.status");
      return planStatus(engine, plan, { scheduler, running: running(name) }, options);
    },
  };
}
