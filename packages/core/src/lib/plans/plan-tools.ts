import type { RunContext } from "../run-context.ts";
import { findPlan } from "./find-plan.ts";
import { planInfo, planStatus } from "./plan-status.ts";
import type { PlanTools } from "./plan-types.ts";

/** The plans of an engine. */
export function createPlanTools(engine: RunContext): PlanTools {
  return {
    list: () => [...engine.plans.values()].map((plan) => planInfo(engine, plan)),
    status: async (name, options = {}) => planStatus(engine, findPlan(engine, name, "plans.status"), options),
  };
}
