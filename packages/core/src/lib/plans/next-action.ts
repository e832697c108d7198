import type { PlannedReason } from "./plan-types.ts";
import type { PastRun, Schedule } from "./schedule.ts";

/** What is known of a plan's task. All times are in milliseconds since 1970. */
export interface ActionFacts {
  /** The newest run that need not be repeated: it succeeded, or somebody stopped it on purpose. */
  readonly last: PastRun | null;
  /** When the attempts of the schedule that failed since then ended, oldest first. */
  readonly failures: readonly number[];
}

/** How soon what failed is tried again, in milliseconds. */
export interface RetryPauses {
  readonly firstMs: number;
  readonly longestMs: number;
}

/** By what is decided when a task runs. */
export interface ActionRules {
  readonly schedule: Schedule;
  readonly retry: RetryPauses;
  /** How much later than its slots this task runs. */
  readonly offsetMs: number;
}

/** When a task runs next. */
export interface NextAction {
  /** Not before this; where it is not later than now, now. */
  readonly at: number;
  /** The slot it is for. */
  readonly due: number;
  readonly reason: PlannedReason;
  /** How many attempts have failed before. */
  readonly failures: number;
}

/** What begins so long after its time, was missed; before that it is only late. */
const MISSED_MS = 10 * 60_000;

/**
 * Decides when a task runs next, and why. It only knows what it is told, so that each of several processes that look
 * at the same site decides the same:
 * - a slot is covered by a run that was for it, or that began after it; a restart changes nothing about that
 * - of slots that were missed, only the latest is made up for
 * - where nothing has ever succeeded, it is due at once
 * - what failed is tried again after pauses that double, and at the next slot at the latest
 */
export function nextAction(rules: ActionRules, facts: ActionFacts, now: number): NextAction {
  const { schedule, offsetMs } = rules;
  const { last, failures } = facts;
  const slot = schedule.missed(last, now);
  if (last !== null && slot === null) {
    const due = schedule.next(last, now);
    return { at: due + offsetMs, due, reason: "schedule", failures: 0 };
  }
  const failed = failures.at(-1);
  if (failed !== undefined) return retry(rules, facts, failed, now);
  const due = slot ?? now;
  if (last === null) return { at: now, due, reason: "first", failures: 0 };
  const at = due + offsetMs;
  return { at, due, reason: now - at > MISSED_MS ? "missed" : "schedule", failures: 0 };
}

function retry(
  { schedule, retry: pauses, offsetMs }: ActionRules,
  { last, failures }: ActionFacts,
  failed: number,
  now: number,
): NextAction {
  const again = failed + pauseAfter(failures.length, pauses);
  const next = schedule.next(last, failed) + offsetMs;
  const at = Math.min(again, next);
  const due = schedule.missed(last, Math.max(at, now)) ?? at;
  return { at, due, reason: again <= next ? "retry" : "schedule", failures: failures.length };
}

/** The pause after so many failures in a row. */
export function pauseAfter(failures: number, { firstMs, longestMs }: RetryPauses): number {
  return Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 60));
}
