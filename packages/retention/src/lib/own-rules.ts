import type { OwnRule } from "./policy.ts";
import type { SeriesContext, Verdict } from "./series.ts";
import type { RetentionBackup } from "./types.ts";

/** A trigger's rule of its own, on the backups of that trigger, newest first. */
export function judgeOwn(
  backups: readonly RetentionBackup[],
  { keepFor, keepLast }: OwnRule,
  { calendar, now }: SeriesContext,
): Verdict[] {
  const since = keepFor === null ? Infinity : calendar.before(now, keepFor);
  return backups.map(({ trigger, time }, at): Verdict => {
    const verdict: Verdict = { keep: [], remove: [] };
    if (keepFor !== null && time.getTime() > since)
      verdict.keep.push({ kind: "trigger", trigger, keepFor: keepFor.text });
    else if (keepFor !== null) verdict.remove.push({ kind: "too-old", rule: "all", within: keepFor.text, trigger });
    if (at < keepLast) verdict.keep.push({ kind: "trigger", trigger, rank: at + 1 });
    else if (keepLast > 0 || keepFor === null)
      verdict.remove.push({ kind: "beyond", rule: "last", count: keepLast, trigger });
    return verdict;
  });
}
