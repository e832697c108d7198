import type { Calendar } from "./calendar.ts";
import type { CalendarSpan } from "./duration.ts";
import type { Rules } from "./policy.ts";
import type { KeepReason, PeriodRule, RemoveReason } from "./reasons.ts";
import type { RetentionBackup } from "./types.ts";

/** What the rules say of one backup: some keep it, the others let it go. */
export interface Verdict {
  readonly keep: KeepReason[];
  readonly remove: RemoveReason[];
}

/** What a series is judged by. */
export interface SeriesContext {
  readonly calendar: Calendar;
  readonly now: Date;
}

/**
 * The rules, with restic's meanings, on backups that count, newest first. Each rule
 * is by itself: what one keeps does not use up the count of another.
 */
export function judgeSeries(series: readonly RetentionBackup[], rules: Rules, context: SeriesContext): Verdict[] {
  const verdicts = series.map((): Verdict => ({ keep: [], remove: [] }));
  const { calendar } = context;
  const anchor = rules.withinOf === "now" ? context.now : series[0]?.time;
  if (anchor === undefined) return verdicts;
  const since = (span: CalendarSpan) => calendar.before(anchor, span);

  if (rules.last > 0) judgeLast(verdicts, rules.last);
  if (rules.within !== null) judgeWithin(series, verdicts, rules.within, since(rules.within));
  const everything = { since: Number.NEGATIVE_INFINITY };
  for (const { rule, count } of rules.periods) judgePeriods(series, verdicts, calendar, { ...everything, rule, count });
  for (const { rule, within } of rules.withinPeriods) {
    judgePeriods(series, verdicts, calendar, { rule, count: Infinity, since: since(within), within: within.text });
  }
  return verdicts;
}

function judgeLast(verdicts: readonly Verdict[], count: number): void {
  for (const [at, { keep, remove }] of verdicts.entries()) {
    if (at < count) keep.push({ kind: "last", rank: at + 1 });
    else remove.push({ kind: "beyond", rule: "last", count });
  }
}

function judgeWithin(
  series: readonly RetentionBackup[],
  verdicts: readonly Verdict[],
  { text: within }: CalendarSpan,
  since: number,
): void {
  for (const [at, { keep, remove }] of verdicts.entries()) {
    if ((series[at]?.time.getTime() ?? 0) > since) keep.push({ kind: "within", within });
    else remove.push({ kind: "too-old", rule: "all", within });
  }
}

interface PeriodOptions {
  readonly rule: PeriodRule;
  readonly count: number;
  /** What is as old as this, or older, is out of its reach. */
  readonly since: number;
  readonly within?: string;
}

function judgePeriods(
  series: readonly RetentionBackup[],
  verdicts: readonly Verdict[],
  calendar: Calendar,
  { rule, count, since, within }: PeriodOptions,
): void {
  const kept = new Map<string, string>();
  const named = within === undefined ? {} : { within };
  for (const [at, backup] of series.entries()) {
    const { keep, remove } = verdicts[at] ?? { keep: [], remove: [] };
    if (backup.time.getTime() <= since && within !== undefined) {
      remove.push({ kind: "too-old", rule, within });
    } else if (kept.size >= count) {
      remove.push({ kind: "beyond", rule, count });
    } else {
      const period = calendar.period(rule, backup.time);
      const by = kept.get(period);
      if (by === undefined || at === series.length - 1) {
        keep.push({ kind: "period", rule, period, oldest: by !== undefined, ...named });
        kept.set(period, by ?? backup.id);
      } else remove.push({ kind: "replaced", rule, period, by, ...named });
    }
  }
}
