import { alwaysKept } from "./always.ts";
import { calendarOf } from "./calendar.ts";
import { checkBackups, checkOptions } from "./check.ts";
import { fitTotalSize } from "./fit.ts";
import { needsOf } from "./needed.ts";
import { isComplete, newestFirst } from "./order.ts";
import { judgeOwn } from "./own-rules.ts";
import { type Rules, readPolicy } from "./policy.ts";
import type { RemoveReason } from "./reasons.ts";
import { judgeSeries, type SeriesContext, type Verdict } from "./series.ts";
import type {
  KeptBackup,
  RemovedBackup,
  RetentionBackup,
  RetentionOptions,
  RetentionPolicy,
  RetentionResult,
} from "./types.ts";

/**
 * Decides which of these backups stay and which go, and why. Pure: the same input has the same answer, and nothing is
 * looked at but what is handed in. All of the backups are taken for one series, such as a plan's: two plans are two
 * calls. Applied to what it has kept, it keeps all of it.
 *
 * @throws INVALID for a policy, time zone or backup that can't be meant
 */
export function applyRetention<B extends RetentionBackup>(
  backups: readonly B[],
  policy: RetentionPolicy,
  options: RetentionOptions,
): RetentionResult<B> {
  const rules = readPolicy(policy);
  checkOptions(options);
  checkBackups(backups);
  const { now, sources } = options;
  const sorted = [...backups].sort(newestFirst);
  const isAhead = ({ time }: RetentionBackup) => time.getTime() > now.getTime();
  const verdicts = judge(
    sorted.filter((backup) => isComplete(backup) && !isAhead(backup)),
    rules,
    { calendar: calendarOf(options.timeZone), now },
  );
  const always = alwaysKept(sorted, { isAhead, triggers: rules.triggers, sources });
  const needs = needsOf(sorted);
  const { keep: kept, excessBytes } = fitTotalSize(sorted, rules.maxTotalSize, {
    always: (id) => (always.get(id)?.length ?? 0) > 0,
    wanted: (id) => (verdicts.get(id)?.keep.length ?? 0) > 0,
    needs,
  });
  const needed = needs.reasons(kept);

  const keep: KeptBackup<B>[] = [];
  const remove: RemovedBackup<B>[] = [];
  for (const backup of sorted) {
    const { id } = backup;
    const verdict = verdicts.get(id);
    if (kept.has(id)) {
      const reasons = [...(verdict?.keep ?? []), ...(always.get(id) ?? []), ...(needed.get(id) ?? [])];
      keep.push({ backup, reasons });
    } else remove.push({ backup, reasons: removeReasons(backup, verdict, rules) });
  }
  return { keep, remove, excessBytes };
}

/** What the rules say of backups that count, newest first. */
function judge(backups: readonly RetentionBackup[], rules: Rules, context: SeriesContext): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  const note = (judged: readonly RetentionBackup[], found: readonly Verdict[]) => {
    for (const [at, { id }] of judged.entries()) verdicts.set(id, found[at] ?? { keep: [], remove: [] });
  };
  const series = backups.filter(({ trigger }) => !rules.triggers.has(trigger));
  note(series, judgeSeries(series, rules, context));
  for (const [trigger, rule] of rules.triggers) {
    if (rule === "keep") continue;
    const own = backups.filter((backup) => backup.trigger === trigger);
    note(own, judgeOwn(own, rule, context));
  }
  return verdicts;
}

function removeReasons(
  { state }: RetentionBackup,
  verdict: Verdict | undefined,
  { maxTotalSize }: Rules,
): readonly RemoveReason[] {
  if (state === "partial" || state === "errored") return [{ kind: state }];
  if (verdict === undefined || verdict.keep.length === 0) return verdict?.remove ?? [];
  return [{ kind: "over-size", maxTotalSize, otherwise: verdict.keep }];
}
