import { type AbortOptions, type BackupLabels, type Clock, isLifeboatError, LifeboatError } from "@lifeboat/contracts";
import { newBackupId, openFences } from "@lifeboat/manifests";
import type { BackupAddress } from "./backups.ts";
import { isDamage } from "./errors.ts";
import { hasFolder, noBackup } from "./find-backup.ts";
import { claimId, type HeldLease } from "./lease.ts";
import { leaseKey, listLeases, lockedBy } from "./lease-store.ts";
import { backupClaim, isDead } from "./leases.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";

/** Deletes a backup under a lease, so that the next sweep ends what breaks off half-way. */
export async function deleteBackup(
  engine: RunContext,
  { site: name, id, force = false, signal }: BackupAddress & { readonly force?: boolean | undefined },
): Promise<void> {
  const site = await engine.sites.open(name, { signal });
  using _lock = engine.locks.take({ job: `delete-${id}`, kind: "delete", site: name, sources: [], backup: id });
  if (!(await hasFolder(site, id, { signal }))) throw noBackup(site, id);
  if (!force && (await isPreserved(site, id, { signal }))) throw preserved(id);
  const lease = await claimForDeletion(site, id, engine.clock, { signal });
  try {
    // An earlier attempt to put its manifest may still be under way somewhere.
    await openFences(site.context).put(id, { signal });
    await site.repository.remove([id], { signal });
    await lease.release();
  } catch (error) {
    lease.abandon();
    throw error;
  }
}

/** Labels that can't be read might say that it is preserved. */
async function isPreserved({ repository }: OpenSite, id: string, options: AbortOptions): Promise<boolean> {
  try {
    const labels: BackupLabels = await repository.labels(id, options);
    return labels.preserve;
  } catch (error) {
    if (isDamage(error)) return true;
    throw error;
  }
}

/** @throws LOCKED where a live run is making, deleting or rebuilding it */
async function claimForDeletion(site: OpenSite, id: string, clock: Clock, options: AbortOptions): Promise<HeldLease> {
  try {
    return await claim(site, id, [backupClaim(id)], options);
  } catch (error) {
    if (!isLifeboatError(error, "ALREADY_EXISTS")) throw error;
  }
  await removeDeadLease(site, id, clock.now(), options);
  return claim(site, id, [backupClaim(id)], options);
}

function claim(site: OpenSite, id: string, sources: readonly string[], options: AbortOptions): Promise<HeldLease> {
  return claimId(site.context, { id, kind: "delete", sources }, options);
}

/** A lease of its own shows what time it is by the storage's clock. */
async function removeDeadLease(site: OpenSite, id: string, now: number, options: AbortOptions): Promise<void> {
  const clock = await claim(site, newBackupId(new Date(now), "manual"), [], options);
  try {
    const found = (await listLeases(site.context, options)).find((lease) => lease.id === id);
    if (found === undefined) return;
    if (!isDead(found, clock.facts())) throw lockedBy("backups.delete", found);
    await site.context.storage.delete([leaseKey(id)], options);
  } finally {
    await clock.release();
  }
}

function preserved(id: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "backups.delete",
    key: id,
    message: `The backup ${id} is preserved, or its labels can't be read.`,
    hint: "Take the mark away with engine.backups.update({ site, id, preserve: false }), or pass force: true.",
  });
}
