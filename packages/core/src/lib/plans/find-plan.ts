import { LifeboatError } from "@lifeboat/contracts";
import type { RunContext } from "../run-context.ts";
import type { Plan } from "./plan.ts";

/** @throws NOT_FOUND where there is no such plan */
export function findPlan({ plans }: RunContext, name: string, operation: string): Plan {
  const plan = plans.get(name);
  if (plan !== undefined) return plan;
  throw new LifeboatError({
    code: "NOT_FOUND",
    operation,
    key: name,
    message: `There is no plan "${name}"; there are: ${[...plans.keys()].join(", ") || "none"}.`,
    hint: "Plans are given to createBackupEngine({ plans }).",
  });
}
