import { type CheckLevel, LifeboatError, type RepairReport, type Repository } from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { giveBack } from "./commit.ts";
import type { JobControl } from "./job.ts";
import { claimId } from "./lease.ts";
import { PRUNE_CLAIM } from "./leases.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";
import { trySweep } from "./try-sweep.ts";

/** Options of `BackupEngine.repair`. */
export interface RepairRunOptions<Site extends string = string> {
  readonly site: Site;
  /** How thoroughly to look. Default: `content`, which reads all of the site. */
  readonly level?: CheckLevel | undefined;
  /** Whether marks that can't be read are deleted: only where surely no prune is under way anywhere, be it asleep. Default: `false`. */
  readonly deleteMarks?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Mends what backups of a site share, and tells what each has lost. */
export async function runRepair(
  engine: RunContext,
  { site: name, level, deleteMarks }: RepairRunOptions,
  job: JobControl,
): Promise<RepairReport> {
  const site = await engine.sites.open(name, job);
  const repository = repairable(site);
  const id = newBackupId(new Date(engine.clock.now()), "manual");
  const lease = await claimId(site.context, { id, kind: "repair", sources: [PRUNE_CLAIM] }, job);
  const control = { ...job, signal: AbortSignal.any([job.signal, lease.signal]) };
  try {
    await trySweep(site, lease, control, null);
    job.phase("repairing");
    let known = -1;
    return await repository.repair({
      level,
      deleteMarks,
      signal: control.signal,
      onProgress(packs, total, bytes) {
        if (known !== total) job.totals({ entries: total });
        known = total;
        job.done(packs, bytes);
      },
    });
  } finally {
    await giveBack(lease, true, job);
  }
}

function repairable({ name, repository }: OpenSite): Repository & Required<Pick<Repository, "repair">> {
  if ("repair" in repository) return repository as Repository & Required<Pick<Repository, "repair">>;
  throw new LifeboatError({
    code: "UNSUPPORTED",
    operation: "repair",
    key: name,
    message: `The site "${name}" has nothing to repair as a whole: in its format each backup stands alone.`,
    hint: "Verify its backups with engine.verify({ site, id }); a lost manifest comes back by engine.backups.rebuild({ site, id }).",
  });
}
