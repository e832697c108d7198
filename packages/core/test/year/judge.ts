import type { SeenBackup, Watch } from "./watch.ts";
import { HOUR, MIN, type Span, without } from "./weather.ts";

/** What kept backups from being made, as it really was. */
export interface Truth {
  readonly off: readonly Span[];
  readonly asleep: readonly Span[];
  /** No process of the host was running although the machine was. */
  readonly down: readonly Span[];
  readonly away: readonly Span[];
  readonly failing: readonly Span[];
}

/** How a day went. */
export interface Day {
  /** When its backup was due. */
  readonly slot: number;
  readonly verdict: "on time" | "late" | "by hand" | "missed";
  /** Why it was late, or missed. */
  readonly reasons: readonly string[];
}

/** How it all went. */
export interface Judgement {
  readonly days: readonly Day[];
  /** What must not be. */
  readonly wrong: readonly string[];
}

/** Clocks of processes differ by less. */
const SKEW_MS = 4 * MIN;
/** What begins by then is on time. */
const ON_TIME_MS = 5 * MIN;
/**
 * In a stretch of good weather of this length a backup must begin: the longest pause between two attempts is an hour, a
 * site that was away is looked at every quarter of an hour, a lease of the dead lives for two minutes.
 */
const LONG_MS = 90 * MIN;

/** Judges each day by what was really the matter, knowing nothing of how the scheduler thinks. */
export function judge(slots: readonly number[], end: number, { made, failures }: Watch, truth: Truth): Judgement {
  const wrong: string[] = [];
  const days = slots.map((slot, n): Day => {
    const window = { from: slot, to: slots[n + 1] ?? end };
    const where = `due ${new Date(slot).toISOString()}`;
    const mine = made.filter(({ due }) => due === slot);
    if (mine.length > 1) wrong.push(`${where}: made ${mine.length} times: ${mine.map(({ id }) => id).join(", ")}`);
    const others = made.filter(
      ({ due, time }) => due === undefined && time.getTime() >= slot && time.getTime() < window.to,
    );
    const [scheduled] = mine;
    const before = others.find((other) => scheduled !== undefined && other.made < scheduled.time.getTime() - SKEW_MS);
    if (before !== undefined) wrong.push(`${where}: made although ${before.id} was there`);
    const [first] = [...mine, ...others].sort((a, b) => a.time.getTime() - b.time.getTime());
    const reasons = reasonsFor(window, truth, failures.get(slot) ?? []);
    const chance = without(window, Object.values(truth).flat()).find(({ from, to }) => to - from >= LONG_MS);
    if (chance !== undefined && !isBy(first, chance.from + LONG_MS))
      wrong.push(`${where}: nothing begun by ${new Date(chance.from + LONG_MS).toISOString()}, in good weather`);
    if (first === undefined) {
      if (reasons.length === 0) wrong.push(`${where}: missed without a reason`);
      return { slot, verdict: "missed", reasons };
    }
    if (first.due === undefined) return { slot, verdict: "by hand", reasons: [] };
    if (isBy(first, slot + ON_TIME_MS)) return { slot, verdict: "on time", reasons: [] };
    const held = reasonsFor({ from: slot, to: first.time.getTime() }, truth, failures.get(slot) ?? []);
    if (held.length === 0) wrong.push(`${where}: late without a reason, at ${first.time.toISOString()}`);
    return { slot, verdict: "late", reasons: held };
  });
  for (const { id, due } of made)
    if (due !== undefined && !slots.includes(due))
      wrong.push(`${id} is for ${new Date(due).toISOString()}, when nothing was due`);
  return { days, wrong };
}

function isBy(backup: SeenBackup | undefined, time: number): boolean {
  return backup !== undefined && backup.time.getTime() <= time;
}

const WORDS: Readonly<Record<keyof Truth, string>> = {
  off: "machine off",
  asleep: "machine asleep",
  down: "no process",
  away: "site away",
  failing: "source failing",
};

function reasonsFor(window: Span, truth: Truth, remembered: readonly string[]): string[] {
  const length = (span: Span) => span.to - span.from;
  const reasons = Object.entries(WORDS).flatMap(([name, words]) => {
    const good = without(window, truth[name as keyof Truth]).reduce((sum, span) => sum + length(span), 0);
    const ms = length(window) - good;
    return ms < 1000 ? [] : [`${words} ${Math.round((ms / HOUR) * 10) / 10} h`];
  });
  const counts = new Map<string, number>();
  for (const code of remembered) counts.set(code, (counts.get(code) ?? 0) + 1);
  const attempts = [...counts].map(([code, count]) => `${count} × ${code}`);
  return attempts.length === 0 ? reasons : [...reasons, `the site remembers ${attempts.join(", ")}`];
}
