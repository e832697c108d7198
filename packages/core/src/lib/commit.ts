import type { AbortOptions, BackupLabels, BackupWriter, Manifest } from "@lifeboat/contracts";
import { openFences } from "@lifeboat/manifests";
import { expectSite } from "./descriptor-store.ts";
import { messageOf } from "./errors.ts";
import type { JobControl } from "./job.ts";
import { type HeldLease, lostLease } from "./lease.ts";
import type { OpenSite } from "./sites.ts";

/** A backup whose parts are all there. */
export interface FinishedBackup {
  readonly writer: BackupWriter;
  readonly manifest: Manifest;
  readonly labels: BackupLabels;
}

/** What becomes of a backup while it is made to exist. */
export interface CommitEvents {
  /** Its manifest is about to be sent: from now on it may arrive, and what fails must be tidied up however long it takes. */
  readonly sending: () => void;
  /** It may arrive and be believed: nothing that was written may be removed. The next sweep ends it, with a fence. */
  readonly unfenced: (error: unknown) => void;
}

/**
 * Makes a backup exist: its labels, then its manifest, while the lease is surely held. Where that
 * fails with the manifest on its way, the run is fenced.
 *
 * @throws LOCKED where the lease may have been lost
 */
export async function commitBackup(
  site: OpenSite,
  lease: HeldLease,
  { writer, manifest, labels }: FinishedBackup,
  job: JobControl,
  events: CommitEvents,
): Promise<void> {
  const { context, repository } = site;
  if (labels.label !== undefined || labels.preserve) await repository.setLabels(lease.id, labels, job);
  await expectSite(context.storage, context.siteId, context.secret?.key ?? null, job);
  await lease.confirm(job);
  events.sending();
  try {
    await writer.commit(manifest, job);
    await expectUnfenced(site, lease, job);
  } catch (error) {
    // Where the manifest was sent and no answer came, it may arrive at any time.
    await openFences(context).put(lease.id).catch(events.unfenced);
    throw error;
  }
}

/**
 * Others may have taken the run for dead, rightly or not, and have fenced it: then they may be removing its parts at
 * this moment, even where all of them are there still. Who fences looks for the manifest after that; so where there
 * is no fence after the manifest, whoever puts one later finds the manifest, and leaves all as it is.
 */
async function expectUnfenced({ context }: OpenSite, { id }: HeldLease, options: AbortOptions): Promise<void> {
  if (await openFences(context).has(id, options))
    throw lostLease({ id, kind: "backup" }, "others had given it up before its commit");
}

/** Gives a run's lease back; it stays where something is left for the next sweep. */
export async function giveBack(lease: HeldLease, clean: boolean, job: JobControl): Promise<void> {
  if (!clean) {
    lease.abandon();
    return;
  }
  try {
    await lease.release({ signal: job.tidying });
  } catch (error) {
    lease.abandon();
    job.warning("left-behind", `The lease could not be removed, the next run will: ${messageOf(error)}`);
  }
}
