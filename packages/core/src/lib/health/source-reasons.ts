import type { BackupListItem } from "../backup.ts";
import type { HealthReason } from "./health-types.ts";
import type { PlanView } from "./plan-reasons.ts";
import { POINTS } from "./points.ts";
import { lengthInWords } from "./words.ts";

/** The newest of these backups, newest first, that holds a source and can be read. */
export function newestWith(backups: readonly BackupListItem[], source: string): BackupListItem | undefined {
  return backups.find((backup) => backup.status !== "damaged" && backup.parts.some((part) => part.source === source));
}

/** Why single sources of a plan lose points, where the plan as such has what it needs. */
export function sourceReasons({ status, facts, own, now }: PlanView): HealthReason[] {
  const { name: plan, site, lastSuccess, staleAfterMs, schedule, sources } = status;
  if (schedule === undefined || lastSuccess === undefined || facts.unread > 0) return [];
  if (facts.access.status === "away" || (staleAfterMs ?? Infinity) < now - lastSuccess.started.getTime()) return [];
  return sources.flatMap((source): HealthReason[] => {
    const last = newestWith(own, source)?.time;
    const about = { site, plan, source };
    if (last === undefined) {
      const text = `No backup of the plan "${plan}" holds the source "${source}" yet.`;
      return [{ code: "never-ran", ...about, points: POINTS.sourceNeverRan, text }];
    }
    const ageMs = now - last.getTime();
    if (staleAfterMs === undefined || ageMs <= staleAfterMs) return [];
    const text = `The newest backup of the source "${source}" in the plan "${plan}" is ${lengthInWords(ageMs)} old; it should not be older than ${lengthInWords(staleAfterMs)}.`;
    return [{ code: "overdue", ...about, points: POINTS.sourceOverdue, last, ageMs, staleAfterMs, text }];
  });
}
