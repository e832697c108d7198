import { availableParallelism, hostname, tmpdir } from "node:os";
import {
  type Job,
  type PrunePlan,
  type PruneReport,
  type RepairReport,
  type Source,
  systemClock,
  type Trigger,
} from "@lifeboat/contracts";
import type { Backup } from "./backup.ts";
import { runBackup } from "./backup-run.ts";
import { type BackupAddress, type Backups, createBackups } from "./backups.ts";
import { createCatalog } from "./catalog.ts";
import { runCopy } from "./copy/copy-run.ts";
import type { CopyOptions, CopyReport } from "./copy/copy-types.ts";
import { diffBackups } from "./diff/diff-run.ts";
import type { BackupDiff, DiffOptions } from "./diff/diff-types.ts";
import { createEmitter } from "./events/emitter.ts";
import { jobEvents } from "./events/job-events.ts";
import { backupResult, verifyResult } from "./events/job-results.ts";
import { unlessDeleted } from "./find-backup.ts";
import { createHealth, readHealthRules } from "./health/health.ts";
import type { HealthReport, HealthRequest } from "./health/health-types.ts";
import { createJobs, type Jobs } from "./jobs.ts";
import { createKeyRing, type KeyRing } from "./key-ring.ts";
import { type RunLimits, readLimits } from "./limits/run-limits.ts";
import { createLocalLocks } from "./local-locks.ts";
import { createOverseer } from "./notify/overseer.ts";
import { readNotify } from "./notify/read-notify.ts";
import type { EngineOptions, SiteName, SiteOptions, SourceName } from "./options.ts";
import { readInstance, readPlans } from "./plans/plan.ts";
import { createPlanEvents } from "./plans/plan-events.ts";
import type { PlanName, PlanOptions } from "./plans/plan-options.ts";
import { runPlanByHand } from "./plans/plan-run.ts";
import { createPlanTools } from "./plans/plan-tools.ts";
import type { PlanTools } from "./plans/plan-types.ts";
import { createRunRecords } from "./plans/run-records.ts";
import { createScheduler } from "./plans/scheduler.ts";
import { type PruneRequest, type PruneRunOptions, runPlanPrune, runPrune } from "./prune-run.ts";
import { type RepairRunOptions, runRepair } from "./repair-run.ts";
import { prepareRestore } from "./restore-plan.ts";
import { runRestore } from "./restore-run.ts";
import type { RestorePlan, RestoreReport, RestoreRequest } from "./restore-types.ts";
import type { RunContext } from "./run-context.ts";
import { createSiteTools, type SiteTools } from "./site-tools.ts";
import { createSites } from "./sites.ts";
import { createSourceRegistry, type SourceChoice } from "./sources.ts";
import type { SiteVerifyOptions, SiteVerifyReport } from "./verify/site-verify-types.ts";
import { runVerifySite } from "./verify/verify-site-run.ts";
import { runVerify, type VerifyLevel, type VerifyReport } from "./verify-run.ts";

/** Options of {@link BackupEngine.backup}. */
export interface BackupOptions<Site extends string = string, Name extends string = string> {
  readonly site: Site;
  /** Which sources: ids, or by id `true` or what of it. Default: all that are registered. */
  readonly sources?: SourceChoice<Name> | undefined;
  /** For people. It can be changed later. */
  readonly label?: string | undefined;
  /** A preserved backup is never pruned. Default: `false`. */
  readonly preserve?: boolean | undefined;
  /**
   * Whether sources may have lost all of their entries since the last backup; otherwise that
   * rejects with SOURCE_FAILED. Default: `false`.
   */
  readonly allowEmpty?: boolean | undefined;
  /** Why it is made. Default: `manual`. */
  readonly trigger?: Trigger | undefined;
  /** What it may take. Default: whatever it needs. */
  readonly limits?: RunLimits | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link BackupEngine.backup} where a plan says what goes where. */
export interface PlanBackupOptions<Plan extends string = string> {
  readonly plan: Plan;
  /** The plan says it. */
  readonly site?: undefined;
  readonly label?: string | undefined;
  readonly preserve?: boolean | undefined;
  readonly allowEmpty?: boolean | undefined;
  /** Why it is made. Default: `manual`. */
  readonly trigger?: Trigger | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link BackupEngine.verify}. */
export interface VerifyOptions<Site extends string = string> {
  readonly site: Site;
  readonly id: string;
  /** Default: `content`. */
  readonly level?: VerifyLevel | undefined;
  /** Only these sources. Default: all of the backup. */
  readonly sources?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of {@link BackupEngine.restore}. */
export interface RestoreOptions {
  /** The plan's token: that it was looked at, and is agreed to. */
  readonly confirm: string;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The backup engine that an application holds.
 *
 * Jobs start at once and need not be awaited; they reject, never throw. Nothing
 * does I/O before it is asked to.
 */
export interface BackupEngine<Site extends string = string, Name extends string = string, Plan extends string = string>
  extends AsyncDisposable {
  readonly backups: Backups<Site>;
  readonly plans: PlanTools<Plan>;
  readonly sites: SiteTools<Site>;
  readonly jobs: Jobs;
  /**
   * Makes a backup of a plan by hand: told apart from those that are made by its schedule, and kept by its retention
   * unless that says otherwise. Once it is made, older ones go as the retention says, unless the plan prunes by a
   * schedule of its own; where that fails, the job warns of it. Rejects as a backup without a plan; NOT_FOUND for an unknown plan.
   */
  backup(options: PlanBackupOptions<Plan>): Job<Backup>;
  /**
   * Makes a backup. It is listed once all of it is there, and never before; the
   * site is made if there is none yet.
   *
   * Rejects with LOCKED where another run, here or elsewhere, has one of the sources on that site; SOURCE_FAILED
   * where a source did, or where all it had in the last backup is gone; TIMEOUT, reason `time-limit`, where it took
   * longer than `limits.time`; NOT_FOUND for an unknown site or source; WRONG_KEY; and what the storage throws.
   * INVALID, before anything happens, where a limit is none.
   */
  backup(options: BackupOptions<Site, Name>): Job<Backup>;
  /** Verifies a backup. What is wrong is in the report; the job rejects only where it could not look. */
  verify(options: VerifyOptions<Site>): Job<VerifyReport>;
  /**
   * Verifies all of a site, or a share of it: what backups share is read once, however many they are; the report names
   * each backup, and the entries of it, that damage touches. What was verified when is remembered in the site, so that
   * shares go round. The job rejects only where it could not look, and with INVALID for a share or level that is none.
   */
  verify(options: SiteVerifyOptions<Site>): Job<SiteVerifyReport>;
  /**
   * Works out what a restore would do, and whether it may. Touches nothing.
   *
   * @throws NOT_FOUND; CORRUPT; INVALID for a pattern, mode or directory that can't be used
   */
  planRestore(request: RestoreRequest<Site>): Promise<RestorePlan>;
  /**
   * Carries out a plan.
   *
   * Rejects with INVALID without its token, or where a check forbids it; CONFLICT where the world has changed since;
   * CORRUPT where the backup is damaged: of parts that are restored for the most, before anything is touched, of
   * others once the damaged piece is read; SOURCE_FAILED.
   */
  restore(plan: RestorePlan, options: RestoreOptions): Job<RestoreReport>;
  /**
   * Copies backups to another site, whatever the two formats, from one storage to the other: nothing of the host's
   * data is touched. Each copy keeps its trigger, times, application, labels and descriptions, and its id where that
   * is free. It is listed once all of it is there, and checked against the original; what is there already is passed over.
   *
   * Rejects with NOT_FOUND for an unknown site or id; LOCKED where another run has one of the backups; CORRUPT where one
   * that was asked for by its id is damaged, or a copy is not what was copied; and what the storages throw. Backups
   * that have been copied by then stay.
   */
  copy(options: CopyOptions<Site>): Job<CopyReport>;
  /** Compares two backups, of one site or of two, by their lists: see {@link BackupDiff}. */
  diff(before: BackupAddress<Site>, after: BackupAddress<Site>, options?: DiffOptions): BackupDiff;
  /** Works out what a prune would do: which packs go, and why. Touches nothing. Rejects as {@link prune}. */
  planPrune(request: PruneRequest<Site>): Job<PrunePlan>;
  /**
   * Frees the room of what no backup needs any more, while others go on backing up. It may be stopped anywhere: the
   * next one goes on.
   *
   * Rejects with UNSUPPORTED where the site's format needs none; CORRUPT where a backup can't be read, so that nobody
   * knows what it needs; LOCKED where another prune or a repair is under way; CONFLICT where the plan is another site's.
   */
  prune(options: PruneRunOptions<Site>): Job<PruneReport>;
  /**
   * Mends what the backups of a site share: makes the index whole, sees to it that the next backups store again what is
   * damaged, and tells exactly which entries of which backups are lost until then.
   *
   * Rejects with UNSUPPORTED where the site's format shares nothing; LOCKED where a prune or another repair is under way.
   */
  repair(options: RepairRunOptions<Site>): Job<RepairReport>;
  /**
   * Tells how everything is, in lines that people can read and data: per site, plan and source the last success, the
   * last failure with its cause, what is overdue, damaged, unverified or full, and a score with the reasons for each
   * point lost. It answers in `within` at the latest: a site that is away, or slow, is what it tells.
   *
   * @throws NOT_FOUND for an unknown site; INVALID
   */
  health(request?: HealthRequest<Site>): Promise<HealthReport>;
  /** The keys of a site. */
  keys(site: Site): KeyRing;
  /**
   * Adds a source, as a plugin does; the answer takes it out again.
   *
   * @throws INVALID where its id is malformed or taken
   */
  register(source: Source): () => void;
  /**
   * Lets plans run by themselves: by their schedules, made up for where they were missed, tried again where they failed.
   * What has happened is taken from the sites, so a restart forgets nothing, and of several processes of one instance
   * one runs each. A second call changes nothing. It does not keep the process alive while nothing runs.
   *
   * @throws INVALID where the engine is closed
   */
  start(): void;
  /** Lets no plan run by itself any more: cancels what the schedules run, and resolves once nothing of it is left. */
  stop(): Promise<void>;
  /** Cancels what runs, waits for its end, and closes all storages. Afterwards every call is INVALID. */
  close(): Promise<void>;
}

const MAX_THREADS = 8;

/**
 * Makes an engine. The names of its sites and sources are part of its type; where
 * they are only known at run time, assign it to a plain `BackupEngine`.
 *
 * @throws INVALID for a source id that is malformed or taken, and for a site without a storage or key
 */
export function createBackupEngine<
  const Sources extends readonly Source[],
  const Sites extends Readonly<Record<string, SiteOptions>>,
  const Plans extends Readonly<Record<string, PlanOptions<SiteName<Sites>, SourceName<Sources>>>> = Record<
    never,
    never
  >,
>(options: EngineOptions<Sources, Sites, Plans>): BackupEngine<SiteName<Sites>, SourceName<Sources>, PlanName<Plans>> {
  const { app, clock = systemClock, unregistered, instance = hostname() } = options;
  const { timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone } = options;
  const { threads = Math.min(availableParallelism(), MAX_THREADS) } = options;
  const healthRules = readHealthRules(options.health);
  const notify = readNotify(options.notify);
  const emit = createEmitter(options.onEvent, clock);
  const jobs = createJobs(jobEvents(emit, clock));
  const engine: RunContext = {
    app,
    instance: readInstance(instance),
    plans: readPlans(options.plans ?? {}, { timeZone, sites: Object.keys(options.sites) }),
    clock,
    sites: createSites(options.sites, { threads, clock }),
    sources: createSourceRegistry(options.sources),
    locks: createLocalLocks(),
    catalog: createCatalog(),
    records: createRunRecords(),
    planEvents: createPlanEvents(),
    unregistered,
    restores: new Map(),
    prepared: new WeakMap(),
    temporaryDirectory: options.temporaryDirectory ?? tmpdir(),
  };
  const scheduler = createScheduler(engine, jobs);
  const plans = createPlanTools(engine, jobs, scheduler);
  const health = createHealth(engine, plans, healthRules);
  const overseer = createOverseer(engine, { emit, health, notify, isHeard: options.onEvent !== undefined });
  let closing: Promise<void> | undefined;

  function stillThere<T>({ site, id }: { readonly site: string; readonly id: string }, read: () => Promise<T>) {
    return unlessDeleted(() => engine.sites.open(site), id, read);
  }

  async function close(): Promise<void> {
    overseer.stop();
    await scheduler.close();
    await overseer.close();
    engine.sites.stop();
    await jobs.close();
    await engine.sites.close();
  }

  function backup(options: PlanBackupOptions): Job<Backup>;
  function backup(options: BackupOptions): Job<Backup>;
  function backup(options: BackupOptions | PlanBackupOptions): Job<Backup> {
    const { signal } = options;
    if (options.site === undefined) {
      const { plan, signal: _, ...request } = options;
      const site = engine.plans.get(plan)?.site ?? "";
      const start = { kind: "backup", site, plan, signal, result: backupResult } as const;
      return jobs.start(start, (job) => runPlanByHand(engine, plan, request, job));
    }
    const { site, signal: _, limits, ...request } = options;
    const start = { kind: "backup", site, signal, result: backupResult } as const;
    return jobs.start(start, (job) => runBackup(engine, { site, ...request, limits: readLimits(limits) }, job));
  }

  function verify(options: VerifyOptions): Job<VerifyReport>;
  function verify(options: SiteVerifyOptions): Job<SiteVerifyReport>;
  function verify(options: VerifyOptions | SiteVerifyOptions): Job<VerifyReport> | Job<SiteVerifyReport> {
    const { site, signal } = options;
    const start = { kind: "verify", site, signal, result: verifyResult } as const;
    if (options.id === undefined) return jobs.start(start, (job) => runVerifySite(engine, options, job));
    return jobs.start(start, (job) => runVerify(engine, options, job));
  }

  return {
    jobs: { list: () => jobs.list(), get: (id) => jobs.get(id) },
    backups: createBackups(engine),
    sites: createSiteTools(engine, jobs),
    plans,
    start() {
      scheduler.start();
      overseer.start();
    },
    stop() {
      overseer.stop();
      return scheduler.stop();
    },
    backup,
    verify,
    async planRestore({ signal, ...request }) {
      const prepared = await stillThere(request, () =>
        prepareRestore(engine, request, signal ?? new AbortController().signal),
      );
      engine.prepared.set(prepared.plan, prepared);
      return prepared.plan;
    },
    restore: (plan, options?: RestoreOptions) =>
      jobs.start({ kind: "restore", site: plan.site, signal: options?.signal }, (job) =>
        stillThere(plan, () => runRestore(engine, plan, options?.confirm ?? "", job)),
      ),
    copy: ({ signal, ...request }) =>
      jobs.start({ kind: "copy", site: request.to, signal }, (job) => runCopy(engine, request, job)),
    planPrune: ({ signal, ...request }) =>
      jobs.start({ kind: "prune", site: request.site, signal }, (job) => runPlanPrune(engine, request, job)),
    prune: ({ signal, ...request }) =>
      jobs.start({ kind: "prune", site: request.site, signal }, (job) => runPrune(engine, request, job)),
    repair: ({ signal, ...request }) =>
      jobs.start({ kind: "repair", site: request.site, signal }, (job) => runRepair(engine, request, job)),
    diff: (before, after, options) => diffBackups(engine, before, after, options),
    health,
    keys: (site) => createKeyRing(engine, site),
    register: (source) => engine.sources.register(source),
    close() {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]() {
      closing ??= close();
      return closing;
    },
  };
}
