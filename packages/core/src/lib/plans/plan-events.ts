import type { PlannedRun, PlanTask, PlanWarning, RunOutcome } from "./plan-types.ts";

/** What plans tell while they run by themselves, and when somebody runs one. */
export type PlanEvent =
  | {
      readonly type: "started";
      readonly plan: string;
      readonly task: PlanTask;
      readonly job: string;
      readonly due?: Date;
    }
  | {
      readonly type: "ended";
      readonly plan: string;
      readonly task: PlanTask;
      readonly job: string;
      readonly due?: Date;
      readonly outcome: RunOutcome;
      /** What it failed with. */
      readonly error?: unknown;
      /** The id of the backup that was made. */
      readonly backup?: string;
    }
  /** What happens next has changed. */
  | { readonly type: "planned"; readonly plan: string; readonly next: PlannedRun }
  /** The site could not be looked at. */
  | { readonly type: "site-away"; readonly plan: string; readonly site: string; readonly error: unknown }
  | { readonly type: "warning"; readonly plan: string; readonly warning: PlanWarning };

/** Hands events on to whoever listens. */
export interface PlanEvents {
  tell(event: PlanEvent): void;
  /** The answer stops it. */
  listen(listener: (event: PlanEvent) => void): () => void;
}

/** Makes a hub that nobody listens to yet. */
export function createPlanEvents(): PlanEvents {
  const listeners = new Set<(event: PlanEvent) => void>();
  return {
    tell(event) {
      for (const listener of listeners) listener(event);
    },
    listen(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
