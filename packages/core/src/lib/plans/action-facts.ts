import type { ActionFacts } from "./next-action.ts";
import type { PlanFacts } from "./plan-facts.ts";
import type { RunRecord } from "./plan-types.ts";
import type { PastRun } from "./schedule.ts";

/** What a plan's site tells of its backups, as it is needed to decide when the next one is due. */
export function backupFacts({ lastSuccess, records, future }: PlanFacts): ActionFacts {
  const mine = records.filter(({ task }) => task === "backup");
  const success = lastSuccess === null ? null : pastRun(lastSuccess, future);
  return since(success, mine, ({ outcome }) => outcome === "cancelled");
}

/** The same of its other tasks: what they did is told by records alone. */
export function taskFacts(
  { records }: PlanFacts,
  { task, level }: Pick<RunRecord, "task"> & { readonly level?: RunRecord["level"] | undefined },
): ActionFacts {
  const mine = records.filter((record) => record.task === task && record.level === level);
  return since(null, mine, hasRun);
}

/** A verification that found something wrong has done what it was to do. */
function hasRun({ task, outcome, code }: RunRecord): boolean {
  return outcome !== "failed" || ((task === "verify" || task === "drill") && code === "CORRUPT");
}

/** Only what the schedule began counts as an attempt of it: who asked for a run has seen that it failed. */
function since(
  success: PastRun | null,
  records: readonly RunRecord[],
  isOver: (record: RunRecord) => boolean,
): ActionFacts {
  const scheduled = records.filter(({ due, outcome }) => due !== undefined || outcome === "succeeded");
  let last = success;
  for (const record of scheduled) {
    const run = pastRun(record);
    if (isOver(record) && (last === null || run.started > last.started)) last = run;
  }
  const failed = scheduled.filter(
    (record) => !isOver(record) && (last === null || record.started.getTime() > last.started),
  );
  return { last, failures: failed.map(({ finished }) => finished.getTime()) };
}

/** One that began in the future, before somebody set the clock back, tells of its slot alone. */
function pastRun(
  { started, due }: { readonly started: Date; readonly due?: Date | undefined },
  future = Number.POSITIVE_INFINITY,
): PastRun {
  const slot = due?.getTime();
  return { started: started.getTime() > future && slot !== undefined ? slot : started.getTime(), due: slot };
}
