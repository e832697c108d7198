import { durationInWords } from "./duration.ts";
import type { NextAction } from "./next-action.ts";
import type { Plan } from "./plan.ts";
import type { PlannedRun, PlanTask } from "./plan-types.ts";

const NOUNS: Readonly<Record<PlanTask, string>> = {
  backup: "backup",
  verify: "verification",
  drill: "restore drill",
  prune: "prune",
};

/** What happens next, for people. `detail`: what went wrong. */
export function describeNext(plan: Plan, task: PlanTask, action: NextAction, detail?: string): PlannedRun {
  const { at, due, reason } = action;
  const planned = { task, at: new Date(at), due: new Date(due), reason };
  return { ...planned, text: words(plan, task, action, detail) };
}

function words(plan: Plan, task: PlanTask, { at, due, reason, failures }: NextAction, detail = ""): string {
  const noun = NOUNS[task];
  const when = (time: number) => wallTime(time, plan.timeZone);
  switch (reason) {
    case "schedule":
      return `the ${noun} due ${when(due)}${at > due ? `, ${durationInWords(at - due)} later` : ""}`;
    case "first":
      return task === "backup" ? "the first backup of the plan: there is none yet" : `the first ${noun} of the plan`;
    case "missed":
      return `the ${noun} due ${when(due)}, which was missed: this host was off, or busy`;
    case "retry":
      return `attempt ${failures + 1} of the ${noun} due ${when(due)}: the last one failed`;
    case "waiting":
      return `the ${noun} due ${when(due)}: another run is in the way, looking again ${when(at)}`;
    case "site-away":
      return `looking at the site "${plan.site}" again: ${detail}`;
    case "held":
      return `the ${noun} due ${when(due)}, after the next backup that succeeds: the last one failed, or there is none`;
  }
}

/** A time as the clock on the wall shows it: `2026-11-20 02:00`. */
export function wallTime(time: number, timeZone: string): string {
  const parts = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }).formatToParts(time);
  const part = (type: string) => parts.find((each) => each.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}-${part("day")} ${part("hour")}:${part("minute")}`;
}
