import { type AbortOptions, LifeboatError, type ListedBackup } from "@lifeboat/contracts";
import { backupFolder, backupKey, MANIFEST_NAME, openFences, removeRemains, VERIFIED_NAME } from "@lifeboat/manifests";
import { leaseKey, listLeases } from "./lease-store.ts";
import { type FoundLease, type LeaseFacts, mayCommit, planSweep } from "./leases.ts";
import type { OpenSite } from "./sites.ts";

/** What a sweep found and did. */
export interface Swept {
  /** Every backup's folder, as it was before. */
  readonly backups: readonly ListedBackup[];
  /** Folders with neither manifest nor lease, which were left alone. */
  readonly orphans: readonly string[];
  /** Backups whose manifest came after their run had been given up, and whose parts were gone: they were removed. */
  readonly voided: readonly string[];
  /** The leases of runs that were given up without a manifest. */
  readonly ended: readonly FoundLease[];
}

/**
 * Removes what dead runs have left: their unfinished folders, then their leases.
 * The leases are listed before the folders, so that a run which ends meanwhile is
 * never taken for dead.
 */
export async function sweep(site: OpenSite, facts: () => LeaseFacts, options: AbortOptions = {}): Promise<Swept> {
  const { context, repository } = site;
  const leases = await listLeases(context, options);
  const backups: ListedBackup[] = [];
  for await (const backup of repository.list(options)) backups.push(backup);
  const voided = backups.filter(({ late }) => late === "void").map(({ id }) => id);
  if (voided.length > 0) await repository.remove(voided, options);
  const plan = planSweep(backups, leases, facts());
  const ended: FoundLease[] = [];
  for (const id of plan.remove) {
    const lease = leases.find((each) => each.id === id);
    if (lease === undefined || !(await isUnchanged(site, lease, options))) continue;
    await giveUp(site, lease, options);
    ended.push(lease);
  }
  if (plan.release.length > 0) await context.storage.delete(plan.release.map(leaseKey), options);
  const orphans: string[] = [];
  for (const id of plan.orphans) {
    if (!(await isOrphan(site, id, options))) continue;
    if (await hasMore(site, id, options)) orphans.push(id);
    else await context.storage.delete([backupKey(id, VERIFIED_NAME)], options);
  }
  return { backups, orphans, voided, ended };
}

/**
 * Ends a dead run for its holder, which may only be asleep: first the fence, so that a manifest which arrives later
 * is looked at closely, then the look for one that is there already, then what is left of the folder.
 */
async function giveUp({ context }: OpenSite, lease: FoundLease, options: AbortOptions): Promise<void> {
  const { storage } = context;
  const { id } = lease;
  if (mayCommit(lease)) await openFences(context).put(id, options);
  if ((await storage.stat(backupKey(id, MANIFEST_NAME), options)) === null) await removeRemains(storage, id, options);
  await storage.delete([leaseKey(id)], options);
}

/** An S3 storage tells milliseconds in a listing, and whole seconds when it is asked for one object. */
const SAME_MS = 1000;

/** Whether nobody has renewed the lease since, and nobody has completed the backup. */
async function isUnchanged(
  { context }: OpenSite,
  { id, modified }: FoundLease,
  options: AbortOptions,
): Promise<boolean> {
  const lease = await context.storage.stat(leaseKey(id), options);
  if (lease === null || Math.abs(lease.modified.getTime() - modified.getTime()) >= SAME_MS) return false;
  return (await context.storage.stat(backupKey(id, MANIFEST_NAME), options)) === null;
}

/**
 * Whether a folder has neither lease nor manifest. A sweep looks again: the folder may have been one whose run began,
 * or ended, between the two listings.
 */
export async function isOrphan({ context }: OpenSite, id: string, options: AbortOptions): Promise<boolean> {
  const lease = await context.storage.stat(leaseKey(id), options);
  return lease === null && (await context.storage.stat(backupKey(id, MANIFEST_NAME), options)) === null;
}

/**
 * Whether there is more of a backup than what a verification has found of it: that may have been written when the
 * backup was being deleted, by a host that stopped right then.
 */
export async function hasMore({ context }: OpenSite, id: string, options: AbortOptions): Promise<boolean> {
  const verified = backupKey(id, VERIFIED_NAME);
  for await (const { key } of context.storage.list(backupFolder(id), options)) if (key !== verified) return true;
  return false;
}

/** The sentence for a folder that has lost its manifest. */
export function manifestMissing(id: string): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "backups.get",
    key: id,
    message: `The backup ${id} has no manifest, and no run is making it.`,
    hint: "Make its manifest anew from its parts with engine.backups.rebuild({ site, id }), or delete it.",
  });
}
