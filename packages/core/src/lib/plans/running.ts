import type { PlanEvents } from "./plan-events.ts";

/** Knows which jobs of which plan run in an engine, by their ids. */
export function createRunning(events: PlanEvents): (plan: string) => readonly string[] {
  const plans = new Map<string, string>();
  events.listen((event) => {
    if (event.type === "started") plans.set(event.job, event.plan);
    else if (event.type === "ended") plans.delete(event.job);
  });
  return (name) => [...plans].filter(([, plan]) => plan === name).map(([job]) => job);
}
