import type { HealthReason, PlanHealth, SiteHealth, SourceHealth } from "./health-types.ts";
import { ago, counted, withoutStop } from "./words.ts";

type Unsummarized<T> = Omit<T, "summary">;

/** One line for everything. */
export function reportSummary(sites: readonly SiteHealth[], reasons: readonly HealthReason[]): string {
  const plans = sites.reduce((sum, site) => sum + site.plans.length, 0);
  const all = `${counted(sites.length, "site")}, ${counted(plans, "plan")}`;
  return reasons.length === 0 ? `Healthy: ${all}.` : `${all}: ${worst(reasons)}`;
}

/** One line for a site. */
export function siteSummary({ reasons, backups, lastSuccess }: Unsummarized<SiteHealth>, now: number): string {
  if (reasons.length > 0) return worst(reasons);
  if (backups.unread > 0) {
    const all = counted(backups.count, "backup");
    return `Healthy as far as seen: ${all}, ${backups.unread} of which there was no time for.`;
  }
  const newest = lastSuccess === undefined ? "" : `, the newest ${ago(lastSuccess.time, now)}`;
  return `Healthy: ${counted(backups.count, "backup")}${newest}.`;
}

/** One line for a plan. */
export function planSummary({ reasons, lastSuccess, nextRun }: Unsummarized<PlanHealth>, now: number): string {
  if (reasons.length > 0) return worst(reasons);
  const next = nextRun === undefined ? "" : `; next: ${withoutStop(nextRun.text)}`;
  return `Healthy: ${last(lastSuccess?.time, now)}${next}.`;
}

/** One line for a source. */
export function sourceSummary({ reasons, lastSuccess }: Unsummarized<SourceHealth>, now: number): string {
  return reasons.length > 0 ? worst(reasons) : `Healthy: ${last(lastSuccess?.time, now)}.`;
}

function last(time: Date | undefined, now: number): string {
  return time === undefined ? "no backup yet" : `last backed up ${ago(time, now)}`;
}

/** The weightiest reason, and how many more there are. */
function worst([first, ...more]: readonly HealthReason[]): string {
  if (first === undefined) return "";
  return more.length === 0 ? first.text : `${withoutStop(first.text)}, and ${more.length} more.`;
}
