import { isLifeboatError } from "@lifeboat/contracts";
import type { Backup } from "../backup.ts";
import { backupResult } from "../events/job-results.ts";
import type { JobRegistry } from "../jobs.ts";
import type { RunContext } from "../run-context.ts";
import { backupFacts } from "./action-facts.ts";
import { jitterOffset } from "./jitter.ts";
import type { LaneWork } from "./lane.ts";
import { type ActionRules, nextAction } from "./next-action.ts";
import type { Plan } from "./plan.ts";
import type { PlanFacts } from "./plan-facts.ts";
import { runPlan } from "./plan-run.ts";
import type { Schedule } from "./schedule.ts";

/** What makes a plan's backups by its schedule. */
export function backupWork(engine: RunContext, jobs: JobRegistry, plan: Plan, schedule: Schedule): LaneWork {
  const { clock, instance } = engine;
  const offsetMs = jitterOffset(schedule.jitterMs, instance, plan.name);
  const rules: ActionRules = { schedule, retry: plan.retry, offsetMs };

  /** Under the lease it is decided anew: another process may have made it, or tried to. */
  function slotNow(facts: PlanFacts): Date | null {
    const now = clock.now();
    const { at, due } = nextAction(rules, backupFacts(facts), now);
    return at <= now ? new Date(due) : null;
  }

  return {
    plan,
    task: "backup",
    rules,
    facts: backupFacts,
    async attempt({ due }, signal) {
      const run = { engine, plan, request: { trigger: "scheduled" }, due: new Date(due) } as const;
      const isStopping = () => signal.aborted;
      let admitted = false;
      const start = { kind: "backup", site: plan.site, plan: plan.name, signal, result: resultOf } as const;
      // One that is not needed, or has to wait, is nothing that anybody wants to see.
      const { job, show } = jobs.startHidden(start, (control) => runPlan({ ...run, isStopping, admit }, control));
      function admit(facts: PlanFacts): Date | null {
        const slot = slotNow(facts);
        admitted ||= slot !== null;
        if (admitted) show();
        return slot;
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

function resultOf(backup: Backup | null) {
  return backup === null ? {} : backupResult(backup);
}
