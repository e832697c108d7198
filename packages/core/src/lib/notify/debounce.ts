import type { Condition, Seen } from "./conditions.ts";
import type { AlarmType } from "./notify-types.ts";

/** A condition that somebody was told of. All times are in milliseconds since 1970. */
export interface Told {
  readonly key: string;
  readonly type: AlarmType;
  readonly site: string;
  readonly plan?: string;
  readonly since: number;
  /** What about it was told. */
  readonly facts: readonly string[];
  /** When it was last told. */
  readonly last: number;
  /** How often it was told. */
  readonly times: number;
}

/** What is remembered from one look to the next. */
export interface NotifyState {
  readonly told: ReadonlyMap<string, Told>;
  /** Conditions that nobody was told of yet, and since when they are seen. */
  readonly waiting: ReadonlyMap<string, number>;
}

/** How often somebody is told. */
export interface NotifyRules {
  /** `null`: once. */
  readonly remindAfterMs: number | null;
  /** How long a site must be away before anybody is told. */
  readonly awayForMs: number;
}

/** What is to be told now. */
export type Telling =
  | {
      readonly kind: "alarm";
      readonly condition: Condition;
      readonly told: Told;
      /** Whether there is nothing new about it. */
      readonly reminder: boolean;
    }
  | { readonly kind: "recovered"; readonly over: readonly Told[] };

/** Nobody was told of anything. */
export const NOTHING_TOLD: NotifyState = { told: new Map(), waiting: new Map() };

/**
 * Decides what is told after a look: each condition once, until it is over; again where it has changed, and, as a
 * reminder, where it has been so for long. What could not be looked at stays as it was. That something is over is told
 * once for each plan and site, and only where somebody was told of it.
 */
export function debounce(
  state: NotifyState,
  seen: Seen,
  now: number,
  rules: NotifyRules,
): { readonly state: NotifyState; readonly tell: readonly Telling[] } {
  const told = new Map(state.told);
  const waiting = new Map<string, number>();
  const tell: Telling[] = [];
  for (const condition of seen.conditions) {
    const { key } = condition;
    const before = told.get(key);
    if (before === undefined) {
      const first = state.waiting.get(key) ?? now;
      waiting.set(key, first);
      if (condition.type === "site-unreachable" && now - first < rules.awayForMs) continue;
      waiting.delete(key);
      alarm(condition, toldFirst(condition, first, now), false);
      continue;
    }
    const isNews = condition.facts.some((fact) => !before.facts.includes(fact));
    if (isNews || isForgotten(before, now, rules)) alarm(condition, toldAgain(before, condition, now), !isNews);
  }
  const present = new Set(seen.conditions.map(({ key }) => key));
  const over = [...told.values()].filter((each) => !present.has(each.key) && seen.isSeen(each));
  for (const { key } of over) told.delete(key);
  for (const group of byPlan(over)) tell.push({ kind: "recovered", over: group });
  return { state: { told, waiting }, tell };

  function alarm(condition: Condition, now: Told, reminder: boolean): void {
    told.set(condition.key, now);
    tell.push({ kind: "alarm", condition, told: now, reminder });
  }
}

function toldFirst({ key, type, site, plan, since, facts }: Condition, first: number, now: number): Told {
  const about = { key, type, site, ...(plan === undefined ? {} : { plan }) };
  return { ...about, since: since ?? first, facts, last: now, times: 1 };
}

function toldAgain(before: Told, { facts }: Condition, now: number): Told {
  return { ...before, facts: [...new Set([...before.facts, ...facts])], last: now, times: before.times + 1 };
}

/** Somebody may have set the clock back since. */
function isForgotten({ last }: Told, now: number, { remindAfterMs }: NotifyRules): boolean {
  return remindAfterMs !== null && Math.abs(now - last) >= remindAfterMs;
}

function byPlan(over: readonly Told[]): readonly (readonly Told[])[] {
  const groups = new Map<string, Told[]>();
  for (const each of over) {
    const name = JSON.stringify([each.site, each.plan ?? ""]);
    groups.set(name, [...(groups.get(name) ?? []), each]);
  }
  return [...groups.values()];
}
