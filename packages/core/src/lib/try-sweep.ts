import { messageOf } from "./errors.ts";
import type { JobControl } from "./job.ts";
import type { HeldLease } from "./lease.ts";
import type { OpenSite } from "./sites.ts";
import { type Swept, sweep } from "./sweep.ts";

/** Sweeping is housekeeping: where it fails, the backup goes on and says so. */
export async function trySweep(
  site: OpenSite,
  lease: HeldLease,
  job: JobControl,
  before: Swept | null,
): Promise<Swept | null> {
  if (job.signal.aborted) return null;
  job.phase("sweeping");
  try {
    const swept = await sweep(site, () => lease.facts(), job);
    for (const id of swept.orphans) {
      if (before?.orphans.includes(id) === true) continue;
      const hint = `engine.backups.rebuild({ site: ${JSON.stringify(site.name)}, id: ${JSON.stringify(id)} })`;
      job.warning("manifest-missing", `The backup ${id} has no manifest. It is left alone; ${hint} may bring it back.`);
    }
    for (const id of swept.voided) {
      job.warning("backup-void", `The backup ${id} ended after it had been given up and swept away: it is removed.`);
    }
    return swept;
  } catch (error) {
    if (!job.signal.aborted) job.warning("sweep-failed", `Sweeping up after dead runs failed: ${messageOf(error)}`);
    return null;
  }
}

/** What interrupted uploads have left in the storage, where listings do not show it. */
export async function trySweepStorage({ context }: OpenSite, job: JobControl): Promise<void> {
  try {
    await context.storage.sweep?.({ signal: job.signal });
  } catch (error) {
    if (!job.signal.aborted)
      job.warning("sweep-failed", `Sweeping up after interrupted uploads failed: ${messageOf(error)}`);
  }
}
