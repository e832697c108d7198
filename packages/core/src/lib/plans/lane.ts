import { messageOf } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import type { Alarm } from "./alarm.ts";
import { describeNext } from "./describe-next.ts";
import { type ActionFacts, type ActionRules, type NextAction, nextAction, pauseAfter } from "./next-action.ts";
import type { Plan } from "./plan.ts";
import { type PlanFacts, readPlanFacts } from "./plan-facts.ts";
import type { PlannedRun, PlanTask } from "./plan-types.ts";

/** What one task of one plan does again and again. */
export interface LaneWork {
  readonly plan: Plan;
  readonly task: PlanTask;
  readonly rules: ActionRules;
  /** What of the plan's facts decides when it is due. */
  facts(facts: PlanFacts): ActionFacts;
  /** Whether it has to wait for something else, although it may be due. */
  readonly isHeld?: (facts: PlanFacts) => boolean;
  /**
   * Does it, if it is needed still. That it fails is remembered, and no error; `locked` where another run is in the way.
   *
   * @throws the signal's reason
   */
  attempt(action: NextAction, signal: AbortSignal): Promise<"done" | "locked">;
}

/** One task of one plan, going on until it is stopped. */
export interface Lane {
  readonly plan: string;
  readonly task: PlanTask;
  /** What happens next; `null` while it is happening, and before the first look. */
  readonly next: PlannedRun | null;
  /** Resolves once it was stopped. */
  run(signal: AbortSignal): Promise<void>;
}

/** A site that is away is looked at so often at least. */
const AWAY_MS = 15 * 60_000;
/** Who finds the sources taken looks again after such pauses, which double. */
const LOCKED = { firstMs: 5000, longestMs: 60_000 };
/** What waits for a backup that succeeds looks for it so often. */
const HELD_MS = 60 * 60_000;

/** Makes a lane: it looks at the site, waits until it is time, does its work, and looks again. */
export function createLane(engine: RunContext, alarm: Alarm, work: LaneWork): Lane {
  const { plan, task, rules } = work;
  const { clock } = engine;
  let next: PlannedRun | null = null;
  let away = 0;
  let locked = 0;

  /** Lets everybody know what happens next. */
  function announce(action: NextAction, detail?: string): NextAction {
    next = describeNext(plan, task, action, detail);
    engine.planEvents.tell({ type: "planned", plan: plan.name, next });
    return action;
  }

  /** What happens next, by what the site tells now. */
  async function look(signal: AbortSignal): Promise<NextAction> {
    const facts = await readPlanFacts(engine, plan, { signal });
    away = 0;
    const action = nextAction(rules, work.facts(facts), clock.now());
    if (action.at > clock.now() || work.isHeld?.(facts) !== true) return announce(action);
    return announce({ ...action, at: clock.now() + HELD_MS, reason: "held" });
  }

  /** Looks, waits, and does what is due. */
  async function round(signal: AbortSignal): Promise<void> {
    const action = await look(signal);
    const isReached = await alarm.until(action.at, signal);
    if (!isReached || action.reason === "held") return; // there is more to look at than the clock
    next = null;
    if ((await work.attempt(action, signal)) === "done") {
      locked = 0;
      return;
    }
    locked += 1;
    const at = clock.now() + pauseAfter(locked, LOCKED);
    announce({ ...action, at, reason: "waiting" });
    await alarm.until(at, signal);
  }

  /** Whatever goes wrong, the next round comes. */
  async function goOn(error: unknown, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    away += 1;
    engine.planEvents.tell({ type: "site-away", plan: plan.name, site: plan.site, error });
    const at = clock.now() + Math.min(AWAY_MS, pauseAfter(away, rules.retry));
    announce({ at, due: at, reason: "site-away", failures: away }, messageOf(error));
    await alarm.until(at, signal);
  }

  return {
    plan: plan.name,
    task,
    get next() {
      return next;
    },
    async run(signal) {
      try {
        for (;;) await round(signal).catch((error: unknown) => goOn(error, signal));
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        next = null;
      }
    },
  };
}
