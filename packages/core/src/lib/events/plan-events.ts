import type { PlanEvent } from "../plans/plan-events.ts";
import { failureInfo, type Untimed } from "./emitter.ts";
import type { EngineEvent } from "./engine-events.ts";
import { withoutSecrets } from "./redact.ts";

/** What a plan tells, as the engine's listener is told. */
export function planEvent(event: PlanEvent, site: string): Untimed<EngineEvent> {
  const about = { plan: event.plan, site };
  switch (event.type) {
    case "planned":
      return { ...about, type: "plan-next", next: { ...event.next, text: withoutSecrets(event.next.text) } };
    case "started": {
      const { task, job, due } = event;
      return { ...about, type: "plan-started", task, job, ...(due === undefined ? {} : { due }) };
    }
    case "ended": {
      const { task, job, due, outcome, error, backup } = event;
      return {
        ...about,
        type: "plan-ended",
        task,
        job,
        outcome,
        ...(due === undefined ? {} : { due }),
        ...(error === undefined ? {} : { error: failureInfo(error) }),
        ...(backup === undefined ? {} : { backup }),
      };
    }
    case "site-away":
      return { ...about, type: "site-away", error: failureInfo(event.error) };
    case "warning":
      return { ...about, type: "warning", code: event.warning.code, message: withoutSecrets(event.warning.message) };
  }
}
