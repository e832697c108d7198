import type { BackupListItem } from "../backup.ts";
import { withoutSecrets } from "../events/redact.ts";
import type { PlanTask, RunRecord } from "../plans/plan-types.ts";
import { corruptReason, incompleteReason, unverifiedReason } from "./backup-reasons.ts";
import type { HealthRules, PlanFacts, SiteFacts } from "./health-facts.ts";
import type { HealthReason } from "./health-types.ts";
import { POINTS } from "./points.ts";
import { sourceReasons } from "./source-reasons.ts";
import { isCorrupt } from "./verified.ts";
import { ago, lengthInWords, withoutStop } from "./words.ts";

/** What a plan's reasons are found by. */
export interface PlanView extends PlanFacts {
  readonly facts: SiteFacts;
  /** The backups on the site that are the plan's own, newest first. */
  readonly own: readonly BackupListItem[];
  readonly rules: HealthRules;
  readonly now: number;
}

/** Why a plan, or one of its sources, loses points. */
export function planReasons(view: PlanView): readonly HealthReason[] {
  const { status, facts, own, records, rules, now } = view;
  const { site, name: plan } = status;
  const about = { site, plan, subject: `the plan "${plan}"` };
  return [
    ...neverRan(view),
    ...overdue(view),
    ...failingBackups(view),
    ...failingTasks(view),
    ...corruptReason(about, { backups: own, all: own, records: facts.backups.some(isCorrupt) ? [] : records }, now),
    ...(facts.unread > 0 ? [] : unverifiedReason(about, own, records, rules, now)),
    ...incompleteReason(about, own),
    ...otherInstance(view),
    ...sourceReasons(view),
  ];
}

/** A plan that runs by hand alone may never have run; what a site that is away holds, nobody knows. */
function neverRan({ status }: PlanView): HealthReason[] {
  const { name: plan, site, schedule, lastSuccess, next, warnings } = status;
  const unknown = warnings.some(({ code }) => code === "site-away");
  if (schedule === undefined || lastSuccess !== undefined || unknown) return [];
  const due = next.find(({ task }) => task === "backup");
  const text = `The plan "${plan}" has never made a backup${due === undefined ? "" : `; next: ${due.text}`}.`;
  return [
    { code: "never-ran", site, plan, points: POINTS.neverRan, ...(due === undefined ? {} : { due: due.at }), text },
  ];
}

function overdue({ status, now }: PlanView): HealthReason[] {
  const { name: plan, site, lastSuccess, staleAfterMs } = status;
  if (lastSuccess === undefined || staleAfterMs === undefined) return [];
  const ageMs = now - lastSuccess.started.getTime();
  if (ageMs <= staleAfterMs) return [];
  const text = `The newest backup of the plan "${plan}" is ${lengthInWords(ageMs)} old; it should not be older than ${lengthInWords(staleAfterMs)}.`;
  const points = ageMs > 2 * staleAfterMs ? POINTS.longOverdue : POINTS.overdue;
  return [{ code: "overdue", site, plan, points, last: lastSuccess.started, ageMs, staleAfterMs, text }];
}

function failingBackups({ status, records, now }: PlanView): HealthReason[] {
  const since = status.lastSuccess?.started.getTime() ?? Number.NEGATIVE_INFINITY;
  const failed = records.filter(
    ({ task, outcome, started }) => task === "backup" && outcome === "failed" && started.getTime() > since,
  );
  return failing(status.name, status.site, "backup", failed, now);
}

/** Of a task that is no backup: since it last could do its work. Finding damage is doing it. */
function failingTasks({ status, records, now }: PlanView): HealthReason[] {
  return (["verify", "drill", "prune"] as const).flatMap((task) => {
    const own = records.filter((record) => record.task === task && record.outcome !== "cancelled");
    const worked = own.findLastIndex(({ outcome, code }) => outcome === "succeeded" || code === "CORRUPT");
    return failing(status.name, status.site, task, own.slice(worked + 1), now);
  });
}

const NOUNS: Readonly<Record<PlanTask, string>> = {
  backup: "backup",
  verify: "verification",
  drill: "restore drill",
  prune: "prune",
};

function failing(
  plan: string,
  site: string,
  task: PlanTask,
  failed: readonly RunRecord[],
  now: number,
): HealthReason[] {
  const [first, last] = [failed[0], failed.at(-1)];
  if (first === undefined || last === undefined) return [];
  const { code, finished } = last;
  const message = last.message === undefined ? undefined : withoutSecrets(last.message);
  const times =
    failed.length === 1
      ? `failed ${ago(finished, now)}`
      : `has failed ${failed.length} times, last ${ago(finished, now)}`;
  const why = [code, message].filter((each) => each !== undefined).join(": ");
  const points = task !== "backup" ? POINTS.taskFailing : failed.length === 1 ? POINTS.failedOnce : POINTS.failing;
  return [
    {
      code: "failing",
      site,
      plan,
      points,
      task,
      failures: failed.length,
      since: first.started,
      ...(code === undefined ? {} : { cause: code }),
      ...(message === undefined ? {} : { message }),
      text: `The ${NOUNS[task]} of the plan "${plan}" ${times}${why === "" ? "" : `: ${withoutStop(why)}`}.`,
    },
  ];
}

function otherInstance({ status }: PlanView): HealthReason[] {
  const warning = status.warnings.find(({ code }) => code === "other-instance");
  if (warning === undefined) return [];
  const { name: plan, site } = status;
  return [{ code: "other-instance", site, plan, points: POINTS.otherInstance, text: withoutSecrets(warning.message) }];
}
