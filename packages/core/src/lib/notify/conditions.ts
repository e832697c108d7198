import type { HealthReason, HealthReport } from "../health/health-types.ts";
import type { AlarmType } from "./notify-types.ts";

/** Something that somebody should be told of as long as it is so. */
export interface Condition {
  /** The same for the same thing, whenever it is looked at. */
  readonly key: string;
  readonly type: AlarmType;
  readonly site: string;
  readonly plan?: string;
  /** `null`: since it is seen. */
  readonly since: number | null;
  /** What about it is told anew once it was not told before: another cause, another damaged backup. */
  readonly facts: readonly string[];
  readonly reason: AlarmReason;
}

/** The reasons that somebody is told of. */
export type AlarmReason = Extract<HealthReason, { readonly code: "failing" | "overdue" | "corrupt" | "site-away" }>;

/** What a look at everything has shown. */
export interface Seen {
  readonly conditions: readonly Condition[];
  /** Whether it shows if such a condition is over: what could not be looked at, nobody knows. */
  isSeen(condition: Pick<Condition, "type" | "site" | "plan">): boolean;
}

/** What somebody should be told of, by how everything is. A backup that is under way may be about to end staleness. */
export function conditionsOf({ reasons, sites }: HealthReport): Seen {
  const blind = new Set(
    sites.filter(({ access, backups }) => access === "away" || backups.unread > 0).map((s) => s.site),
  );
  const plans = sites.flatMap((site) => site.plans);
  const unknown = new Set(plans.filter(({ known }) => !known).map(({ plan }) => plan));
  const busy = new Set(plans.filter(({ running }) => running.length > 0).map(({ plan }) => plan));
  const isSeen: Seen["isSeen"] = ({ type, site, plan = "" }) =>
    type === "site-unreachable" || !(blind.has(site) || unknown.has(plan) || (type === "stale" && busy.has(plan)));
  const conditions = reasons.flatMap((reason) => conditionOf(reason) ?? []);
  return { conditions: conditions.filter((each) => each.type !== "stale" || isSeen(each)), isSeen };
}

function conditionOf(reason: HealthReason): Condition | null {
  const { site, plan, source } = reason;
  const about = { site, ...(plan === undefined ? {} : { plan }) };
  const key = (...more: readonly string[]) => JSON.stringify([reason.code, site, plan ?? "", ...more]);
  switch (reason.code) {
    case "failing": {
      const { task, since, cause } = reason;
      return { ...about, key: key(task), type: "failed", since: since.getTime(), facts: [cause ?? ""], reason };
    }
    case "overdue": {
      const since = reason.last.getTime() + reason.staleAfterMs;
      return { ...about, key: key(source ?? ""), type: "stale", since, facts: [], reason };
    }
    case "corrupt":
      return {
        ...about,
        key: key(),
        type: "verify-failed",
        since: reason.since.getTime(),
        facts: reason.backups,
        reason,
      };
    case "site-away":
      return { ...about, key: key(), type: "site-unreachable", since: null, facts: [], reason };
    default:
      return null;
  }
}
