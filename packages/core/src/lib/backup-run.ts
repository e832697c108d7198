import {
  isLifeboatError,
  type Manifest,
  orAbort,
  type PartInfo,
  type Problem,
  type RunInfo,
  type Trigger,
} from "@lifeboat/contracts";
import { type Backup, describeBackup } from "./backup.ts";
import { writePart } from "./backup-part.ts";
import { commitBackup, giveBack } from "./commit.ts";
import { expectNotEmptied } from "./emptied.ts";
import { rememberEnded } from "./ended-runs.ts";
import { messageOf } from "./errors.ts";
import { whileQuiet } from "./hooks.ts";
import type { JobControl } from "./job.ts";
import { claimBackup, type HeldLease } from "./lease.ts";
import { type Limits, withinLimits } from "./limits/run-limits.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";
import { type ChosenSource, chooseSources, type SourceChoice } from "./sources.ts";
import type { Swept } from "./sweep.ts";
import { trySweep, trySweepStorage } from "./try-sweep.ts";

/** What a backup is asked to be. */
export interface BackupRequest {
  readonly site: string;
  readonly sources?: SourceChoice | undefined;
  readonly label?: string | undefined;
  readonly preserve?: boolean | undefined;
  readonly allowEmpty?: boolean | undefined;
  readonly trigger?: Trigger | undefined;
  readonly limits?: Limits | undefined;
  /** What it is made for. */
  readonly run?: Omit<RunInfo, "instance"> | undefined;
}

/** The most problems that a manifest names one by one. */
const MAX_PROBLEMS = 1000;
/** So many characters of a problem's message are kept. */
const MAX_MESSAGE = 2000;

/** Who has a say in a run, and hears how it ends, while the run has its sources to itself. */
export interface RunGuard {
  /** Before anything is read: what the backup is made for, or `null` where it is not needed any more. */
  admit(site: OpenSite, job: JobControl): Promise<Omit<RunInfo, "instance"> | null>;
  /** It has failed, or was cancelled. */
  failed(site: OpenSite, error: unknown, job: JobControl): Promise<void>;
}

/** Makes a backup: all of it, or nothing that is ever listed. */
export function runBackup(engine: RunContext, request: BackupRequest, job: JobControl): Promise<Backup>;
/** The same, unless the guard finds that it is not needed: then nothing happens, and the answer is `null`. */
export function runBackup(
  engine: RunContext,
  request: BackupRequest,
  job: JobControl,
  guard: RunGuard,
): Promise<Backup | null>;
export async function runBackup(
  engine: RunContext,
  request: BackupRequest,
  job: JobControl,
  guard?: RunGuard,
): Promise<Backup | null> {
  return withinLimits(request.limits ?? {}, engine.clock, job, (limited) => backUp(engine, request, limited, guard));
}

async function backUp(
  engine: RunContext,
  request: BackupRequest,
  job: JobControl,
  guard?: RunGuard,
): Promise<Backup | null> {
  const chosen = chooseSources(engine.sources, request.sources);
  const ids = chosen.map(({ source }) => source.id);
  using _lock = engine.locks.take({ job: job.id, kind: "backup", site: request.site, sources: ids });
  const site = await engine.sites.prepare(request.site, job);
  const started = new Date(engine.clock.now());
  const trigger = request.trigger ?? "manual";
  const claim = { started, trigger, sources: ids, run: { instance: engine.instance, ...request.run } };
  const lease = await claimBackup(site.context, claim, job);
  const signal = AbortSignal.any([job.signal, lease.signal]);
  let clean = true;
  const leftBehind = (error: unknown) => {
    clean = false;
    job.warning("left-behind", `What was written could not be removed, the next run will: ${messageOf(error)}`);
  };
  let before: Swept | null = null;
  let needed = false;
  try {
    const made = guard === undefined ? request.run : await guard.admit(site, { ...job, signal });
    if (made === null) return null;
    needed = true;
    before = await trySweep(site, lease, job, null);
    await rememberEnded(engine, site, before?.ended ?? [], job);
    await trySweepStorage(site, job);
    const by = { instance: engine.instance, ...made };
    return await write(engine, request, {
      site,
      lease,
      chosen,
      started,
      trigger,
      by,
      before,
      leftBehind,
      job: { ...job, signal },
    });
  } catch (error) {
    await guard?.failed(site, error, job);
    throw error;
  } finally {
    const housekeeping = async () => {
      if (clean && needed) await trySweep(site, lease, job, before);
      await giveBack(lease, clean, job);
    };
    await orAbort(housekeeping(), job.tidying).catch((error) => {
      if (job.tidying?.aborted !== true) throw error;
      lease.abandon(); // a storage that heeds no abort: what the run came to is known all the same
    });
  }
}

interface Run {
  readonly site: OpenSite;
  readonly lease: HeldLease;
  readonly chosen: readonly ChosenSource[];
  readonly started: Date;
  readonly trigger: Trigger;
  readonly by: RunInfo;
  readonly before: Swept | null;
  readonly job: JobControl;
  /** What a failed run wrote could not be removed; the next sweep does. */
  readonly leftBehind: (error: unknown) => void;
}

async function write(engine: RunContext, request: BackupRequest, run: Run): Promise<Backup> {
  const { site, lease, chosen, started, trigger, by, before, job } = run;
  const { app } = engine;
  const { repository } = site;
  const { id } = lease;
  const sources = chosen.map(({ source }) => source);
  await expectTotals(engine, run);
  let removable = true;
  let sent = false;
  const committing = {
    sending() {
      sent = true;
    },
    unfenced(error: unknown) {
      removable = false;
      run.leftBehind(error);
    },
  };
  const writer = await repository.begin(
    { id, trigger, started, app, run: by, sources: sources.map((each) => each.id) },
    job,
  );
  try {
    const problems: Problem[] = [];
    const counts = new Map<string, number>();
    const onProblem = (found: Problem) => {
      const problem = { ...found, message: found.message.slice(0, MAX_MESSAGE) };
      counts.set(problem.source, (counts.get(problem.source) ?? 0) + 1);
      if (problems.length < MAX_PROBLEMS) problems.push(problem);
      job.problem(problem);
    };
    job.phase("quiescing");
    const labels = {
      ...(request.label === undefined ? {} : { label: request.label }),
      preserve: request.preserve ?? false,
    };
    const manifest = await whileQuiet(sources, "backup", job, resumeProblem(onProblem), async (quiesced) => {
      const parts: PartInfo[] = [];
      const done = { entries: 0, bytes: 0 };
      for (const each of chosen) {
        job.phase("backing-up", each.source.id);
        const part = await writePart(each, { app, writer, job, sites: engine.sites.directories, onProblem, done });
        if (request.allowEmpty !== true) await expectNotEmptied(engine, site, each, part, before?.backups, job);
        parts.push(part);
        done.entries += part.counts.files + part.counts.directories + part.counts.links;
        done.bytes += part.size;
        job.done(done.entries, done.bytes);
      }
      job.phase("resuming");
      await quiesced.resume({ ok: true });
      job.signal.throwIfAborted();
      return {
        id,
        siteId: site.context.siteId,
        format: site.descriptor.format,
        trigger,
        started,
        finished: new Date(engine.clock.now()),
        app,
        run: by,
        parts: parts.map((part) => ({ ...part, problemCount: counts.get(part.source) ?? 0 })),
        problems,
      } satisfies Manifest;
    });
    job.phase("committing");
    await commitBackup(site, lease, { writer, manifest, labels }, job, committing);
    return describeBackup(site.name, manifest, labels);
  } catch (error) {
    // What may be listed is tidied up however long it takes; the rest, the next run can clear away as well.
    if (removable) await writer.abort(sent ? {} : { signal: job.tidying }).catch(run.leftBehind);
    throw error;
  }
}

/** A hook that could not let its source go on is a problem of the backup: it is in its manifest for all to see. */
function resumeProblem(onProblem: (problem: Problem) => void) {
  return ({ source, error }: { readonly source: string; readonly error: unknown }) =>
    onProblem({
      source,
      code: isLifeboatError(error) ? error.code : "SOURCE_FAILED",
      message: messageOf(error),
    });
}

/** Says what there is to do, by the sizes that the sources had in the newest backup. */
async function expectTotals(engine: RunContext, { site, before, chosen, job }: Run): Promise<void> {
  const whole = chosen.every(({ selection }) => selection.folders === undefined && selection.sections === undefined);
  if (before === null || !whole) return;
  const newest = await engine.catalog.newest(site, before.backups, job);
  const parts = chosen.map(({ source }) => newest?.parts.find((part) => part.source === source.id));
  let [entries, bytes] = [0, 0];
  for (const part of parts) {
    if (part === undefined || part.folders !== undefined || part.sections !== undefined) return;
    entries += part.counts.files + part.counts.directories + part.counts.links;
    bytes += part.size;
  }
  job.totals({ entries, bytes });
}
