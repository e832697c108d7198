import { LifeboatError, type PartInfo, type VerificationResult } from "@lifeboat/contracts";
import type { Backup, DamagedBackup, PlanStatus, RunRecord } from "../../src/index.ts";
import { assessHealth } from "../../src/lib/health/assess.ts";
import type { HealthRules, PlanFacts, SiteFacts } from "../../src/lib/health/health-facts.ts";

/** What the tests' times are reckoned from. */
export const NOW = Date.UTC(2026, 10, 20, 12);
export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const at = (agoMs: number) => new Date(NOW - agoMs);

const RULES: HealthRules = { verifyWithinMs: 31 * DAY, minFree: null };

/** Judges one site. */
export function judge(site: Partial<SiteFacts>, rules: Partial<HealthRules> = {}) {
  const facts = { site: "local", access: { status: "reached" }, backups: [], unread: 0, plans: [], ...site } as const;
  return assessHealth({ instance: "here", rules: { ...RULES, ...rules }, sites: [facts] }, NOW);
}

export function verified(level: VerificationResult["level"], agoMs: number, problem?: string): VerificationResult {
  const ok = problem === undefined;
  return { level, time: at(agoMs), ok, problems: ok ? 0 : 1, ...(ok ? {} : { problem }) };
}

/** A backup of the plan `nightly`, good and verified unless it is said otherwise. */
export function backup(agoMs: number, changes: Partial<Backup> = {}, results?: readonly VerificationResult[]): Backup {
  const time = at(agoMs);
  const all = results ?? [verified("content", agoMs)];
  const counts = all.find(({ ok }) => !ok) ?? all[0];
  return {
    status: "complete",
    summary: "complete",
    id: `${time.toISOString().replaceAll(":", "-")}-scheduled-0000`,
    site: "local",
    time,
    trigger: "scheduled",
    finished: at(agoMs - 60_000),
    preserve: false,
    format: "archive",
    app: { name: "nvr", version: "1" },
    run: { instance: "here", plan: "nightly" },
    parts: [part("settings")],
    counts: { files: 1, directories: 0, links: 0 },
    size: 1000,
    storedSize: 1000,
    problemCount: 0,
    problems: [],
    ...(counts === undefined ? {} : { verified: { ...counts, results: all } }),
    ...changes,
  };
}

export function damaged(agoMs: number): DamagedBackup {
  const { id, site, time, trigger } = backup(agoMs);
  const error = new LifeboatError({ code: "CORRUPT", operation: "test", message: "manifest.json is damaged." });
  return { status: "damaged", summary: `damaged: ${error.message}`, id, site, time, trigger, error };
}

export function part(source: string): PartInfo {
  const counts = { files: 1, directories: 0, links: 0 };
  return { source, description: {}, counts, size: 1000, storedSize: 1000, objects: [], problemCount: 0 };
}

/** The plan `nightly`, which succeeded so long ago, or never. */
export function plan(
  agoMs: number | null,
  { records = [], ...changes }: Partial<PlanStatus> & { readonly records?: readonly RunRecord[] } = {},
): PlanFacts {
  const made = agoMs === null ? null : backup(agoMs);
  const done = made === null ? {} : { lastSuccess: { ...made, started: made.time } };
  const next = { task: "backup", at: at(-14 * HOUR), due: at(-14 * HOUR), reason: "schedule" } as const;
  const status: PlanStatus = {
    name: "nightly",
    site: "local",
    sources: ["settings"],
    schedule: "0 2 * * * (UTC)",
    staleAfterMs: 2 * DAY,
    started: true,
    next: [{ ...next, text: "the backup due 2026-11-21 02:00" }],
    running: [],
    failures: 0,
    warnings: [],
    ...done,
    ...changes,
  };
  return { status, records };
}

export function record(task: RunRecord["task"], agoMs: number, changes: Partial<RunRecord> = {}): RunRecord {
  const [started, finished] = [at(agoMs + 60_000), at(agoMs)];
  const outcome = changes.code === undefined && changes.outcome === undefined ? "succeeded" : "failed";
  return {
    id: finished.toISOString(),
    instance: "here",
    plan: "nightly",
    task,
    started,
    finished,
    outcome,
    ...changes,
  };
}
