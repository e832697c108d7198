import type { BackupListItem } from "../backup.ts";
import { withoutSecrets } from "../events/redact.ts";
import type { HealthFacts, PlanFacts, SiteFacts } from "./health-facts.ts";
import type {
  HealthReason,
  HealthReport,
  HealthyBackup,
  PlanHealth,
  SiteHealth,
  SourceHealth,
} from "./health-types.ts";
import { type PlanView, planReasons } from "./plan-reasons.ts";
import { siteReasons } from "./site-reasons.ts";
import { newestWith } from "./source-reasons.ts";
import { planSummary, reportSummary, siteSummary, sourceSummary } from "./summaries.ts";
import { isCorrupt, lastVerified } from "./verified.ts";

/**
 * Judges how everything is, by what is known now. A reason counts for what it is about, for all that this is part of,
 * and for all that is part of it: what is wrong with a plan, say, counts for its sources and for its site.
 */
export function assessHealth(facts: HealthFacts, now: number): HealthReport {
  const sites = facts.sites.map((each) => assessSite(each, facts, now));
  const reasons = byWeight(sites.flatMap((site) => site.reasons));
  const score = Math.min(100, ...sites.map((site) => site.score));
  return { time: new Date(now), score, summary: reportSummary(sites, reasons), reasons, sites };
}

function assessSite(facts: SiteFacts, { instance, rules }: HealthFacts, now: number): SiteHealth {
  const { site, access, backups, unread, space } = facts;
  const names = new Set(facts.plans.map(({ status }) => status.name));
  const planOf = (backup: BackupListItem) => {
    const run = "run" in backup ? backup.run : undefined;
    return run?.instance === instance && run.plan !== undefined && names.has(run.plan) ? run.plan : undefined;
  };
  const ofItself = siteReasons(
    facts,
    backups.filter((backup) => planOf(backup) === undefined),
    rules,
    now,
  );
  const found = facts.plans.map((plan) => {
    const own = backups.filter((backup) => planOf(backup) === plan.status.name);
    const view = { ...plan, facts, own, rules, now };
    return { view, reasons: planReasons(view) };
  });
  const reasons = byWeight([...ofItself, ...found.flatMap((plan) => plan.reasons)]);
  const records = facts.plans.flatMap((plan) => plan.records);
  const done = {
    site,
    access: access.status,
    score: scoreOf(reasons),
    reasons,
    ...successOf(backups.find((backup) => backup.status !== "damaged")),
    ...lastVerified(backups, records),
    backups: {
      count: backups.length + unread,
      damaged: backups.filter(isCorrupt).length,
      unread,
      storedBytes: backups.reduce((sum, each) => sum + (each.status === "damaged" ? 0 : each.storedSize), 0),
    },
    ...(space === undefined ? {} : { space }),
    plans: found.map(({ view, reasons: own }) => assessPlan(view, own, ofItself)),
  };
  return { ...done, summary: siteSummary(done, now) };
}

function assessPlan(view: PlanView, own: readonly HealthReason[], ofSite: readonly HealthReason[]): PlanHealth {
  const { status, records, now } = view;
  const { name: plan, site, lastSuccess, next } = status;
  const reasons = byWeight([...own, ...ofSite]);
  const nextRun = next[0];
  const done = {
    plan,
    site,
    score: scoreOf(reasons),
    reasons,
    overdue: own.some(({ code, source }) => source === undefined && (code === "overdue" || code === "never-ran")),
    ...(lastSuccess === undefined ? {} : { lastSuccess: { id: lastSuccess.id, time: lastSuccess.started } }),
    known: !status.warnings.some(({ code }) => code === "site-away"),
    running: status.running,
    ...lastFailure(view),
    ...(nextRun === undefined ? {} : { nextRun }),
    ...lastVerified(view.own, records),
    sources: status.sources.map((source) => assessSource(view, source, reasons)),
  };
  return { ...done, summary: planSummary(done, now) };
}

function assessSource({ own, now }: PlanView, source: string, ofPlan: readonly HealthReason[]): SourceHealth {
  const reasons = ofPlan.filter((reason) => reason.source === undefined || reason.source === source);
  const holding = own.filter(
    (backup) => backup.status !== "damaged" && backup.parts.some((part) => part.source === source),
  );
  const done = {
    source,
    score: scoreOf(reasons),
    reasons,
    ...successOf(newestWith(own, source)),
    ...lastVerified(holding),
  };
  return { ...done, summary: sourceSummary(done, now) };
}

function lastFailure({ records }: Pick<PlanFacts, "records">): Pick<PlanHealth, "lastFailure"> {
  const failed = records.findLast(({ outcome }) => outcome === "failed");
  if (failed === undefined) return {};
  const { task, finished, code, message } = failed;
  return {
    lastFailure: {
      task,
      time: finished,
      ...(code === undefined ? {} : { code }),
      ...(message === undefined ? {} : { message: withoutSecrets(message) }),
    },
  };
}

function successOf(backup: BackupListItem | undefined): { readonly lastSuccess?: HealthyBackup } {
  return backup === undefined ? {} : { lastSuccess: { id: backup.id, time: backup.time } };
}

function scoreOf(reasons: readonly HealthReason[]): number {
  return Math.max(0, 100 - reasons.reduce((sum, { points }) => sum + points, 0));
}

function byWeight(reasons: readonly HealthReason[]): readonly HealthReason[] {
  return [...reasons].sort((a, b) => b.points - a.points);
}
