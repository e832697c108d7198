import {
  LifeboatError,
  type PrunePlan,
  type PruneProgress,
  type PruneReport,
  type Repository,
} from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { giveBack } from "./commit.ts";
import { rememberEnded } from "./ended-runs.ts";
import type { JobControl } from "./job.ts";
import { claimId } from "./lease.ts";
import { PRUNE_CLAIM } from "./leases.ts";
import type { RunContext } from "./run-context.ts";
import { busySince, openSessions } from "./sessions.ts";
import type { OpenSite } from "./sites.ts";
import { trySweep, trySweepStorage } from "./try-sweep.ts";

/** By what a prune decides. */
export interface PruneRequest<Site extends string = string> {
  readonly site: Site;
  /** The share of the site's bytes that may stay although nothing needs them, from 0 to 1. Default: 0.05. */
  readonly maxUnused?: number | undefined;
  /** The most bytes that are copied to let half-empty packs go. Default: as many as it takes. */
  readonly maxRepackBytes?: number | undefined;
  /** Backups that can't be read and are given up: what only they need may go. */
  readonly giveUp?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `BackupEngine.prune`. */
export interface PruneRunOptions<Site extends string = string> extends PruneRequest<Site> {
  /** A plan that was looked at. Default: a new one. */
  readonly plan?: PrunePlan | undefined;
  /** How long to wait for backups that are being made, in milliseconds; then the rest is left to the next prune. Default: 10 minutes. */
  readonly waitMs?: number | undefined;
}

type Prunable = Repository & Required<Pick<Repository, "planPrune" | "prune">>;

/** Works out what a prune would do. */
export async function runPlanPrune(engine: RunContext, request: PruneRequest, job: JobControl): Promise<PrunePlan> {
  const site = await engine.sites.open(request.site, job);
  return planFor(site, request, job);
}

/** Frees the room of what no backup needs any more. */
export async function runPrune(engine: RunContext, request: PruneRunOptions, job: JobControl): Promise<PruneReport> {
  const site = await engine.sites.open(request.site, job);
  const repository = prunable(site);
  const id = newBackupId(new Date(engine.clock.now()), "manual");
  const lease = await claimId(site.context, { id, kind: "prune", sources: [PRUNE_CLAIM] }, job);
  const control = { ...job, signal: AbortSignal.any([job.signal, lease.signal]) };
  const { signal } = control;
  try {
    const swept = await trySweep(site, lease, control, null);
    await rememberEnded(engine, site, swept?.ended ?? [], control);
    await trySweepStorage(site, control);
    const { giveUp, waitMs } = request;
    const plan = request.plan ?? (await planFor(site, request, control));
    const sessions = () => openSessions(site, lease, { signal });
    return await repository.prune(plan, { sessions, waitMs, giveUp, signal, onProgress: progressOf(control) });
  } finally {
    await giveBack(lease, true, job);
  }
}

async function planFor(site: OpenSite, request: PruneRequest, job: JobControl): Promise<PrunePlan> {
  const repository = prunable(site);
  const { maxUnused, maxRepackBytes, giveUp } = request;
  job.phase("planning");
  const keepSince = await busySince(site, job);
  return repository.planPrune({ maxUnused, maxRepackBytes, giveUp, keepSince, signal: job.signal });
}

/** What a prune tells, as a job tells it: packs count as entries. */
function progressOf(job: JobControl): (progress: PruneProgress) => void {
  let step: PruneProgress["step"] | undefined;
  return (progress) => {
    if (progress.step !== step) {
      step = progress.step;
      job.phase(step);
      job.totals({ entries: progress.totalPacks });
    }
    job.done(progress.packs, progress.bytes);
  };
}

function prunable({ name, repository }: OpenSite): Prunable {
  if ("planPrune" in repository && "prune" in repository) return repository as Prunable;
  throw new LifeboatError({
    code: "UNSUPPORTED",
    operation: "prune",
    key: name,
    message: `The site "${name}" has nothing to prune: in its format a deleted backup frees its room at once.`,
    hint: "Delete backups with engine.backups.delete({ site, id }).",
  });
}
