import { isLifeboatError } from "@lifeboat/contracts";
import type { JobRegistry } from "../jobs.ts";
import type { RunContext } from "../run-context.ts";
import { taskFacts } from "./action-facts.ts";
import { jitterOffset } from "./jitter.ts";
import type { LaneWork } from "./lane.ts";
import { type ActionRules, nextAction } from "./next-action.ts";
import type { Plan } from "./plan.ts";
import type { PlanFacts } from "./plan-facts.ts";
import type { Schedule } from "./schedule.ts";
import { type PlanTaskWork, runTask } from "./task-run.ts";

/** What does a task of a plan by a schedule of its own. */
export function taskWork(
  engine: RunContext,
  jobs: JobRegistry,
  plan: Plan,
  schedule: Schedule,
  work: PlanTaskWork & { readonly isHeld: (facts: PlanFacts) => boolean },
): LaneWork {
  const { clock, instance } = engine;
  const { task, level, kind, isHeld } = work;
  const offsetMs = jitterOffset(schedule.jitterMs, instance, plan.name, task, level ?? "");
  const rules: ActionRules = { schedule, retry: plan.retry, offsetMs };
  const facts = (known: PlanFacts) => taskFacts(known, { task, level });

  return {
    plan,
    task,
    rules,
    facts,
    isHeld,
    async attempt(action, signal) {
      const run = { engine, plan, work, due: new Date(action.due), isStopping: () => signal.aborted };
      let admitted = false;
      const start = { kind, site: plan.site, plan: plan.name, signal } as const;
      const { job, show } = jobs.startHidden(start, (control) => runTask({ ...run, admit }, control));
      function admit(known: PlanFacts): Date | null {
        const { at, due } = nextAction(rules, facts(known), clock.now());
        if (at > clock.now() || isHeld(known)) return null;
        admitted = true;
        show();
        return new Date(due);
      }
      try {
        await job;
      } catch (error) {
        signal.throwIfAborted();
        if (isLifeboatError(error, "LOCKED") && !admitted) return "locked";
        show(); // it failed, perhaps before it could look
      }
      return "done";
    },
  };
}
