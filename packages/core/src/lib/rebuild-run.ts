import { type AbortOptions, isLifeboatError } from "@lifeboat/contracts";
import { backupKey, MANIFEST_NAME, newBackupId } from "@lifeboat/manifests";
import type { Backup } from "./backup.ts";
import type { BackupAddress } from "./backups.ts";
import { readBackup } from "./catalog.ts";
import { hasFolder, noBackup } from "./find-backup.ts";
import { claimId } from "./lease.ts";
import { listLeases, lockedBy } from "./lease-store.ts";
import { backupClaim } from "./leases.ts";
import type { RunContext } from "./run-context.ts";
import type { OpenSite } from "./sites.ts";

/**
 * Makes a lost or damaged manifest anew. A whole one is left as it is. It holds a lease of its own, not one of
 * the backup's id: if it dies, a sweep would take the folder for what an unfinished backup has left.
 */
export async function rebuildBackup(engine: RunContext, { site: name, id, signal }: BackupAddress): Promise<Backup> {
  const site = await engine.sites.open(name, { signal });
  using _lock = engine.locks.take({ job: `rebuild-${id}`, kind: "read", site: name, sources: [], backup: id });
  if (!(await hasFolder(site, id, { signal }))) throw noBackup(site, id);
  const own = {
    id: newBackupId(new Date(engine.clock.now()), "manual"),
    kind: "rebuild",
    sources: [backupClaim(id)],
  } as const;
  const lease = await claimId(site.context, own, { signal });
  try {
    await rebuild(site, id, { signal: signal === undefined ? lease.signal : AbortSignal.any([signal, lease.signal]) });
  } finally {
    await lease.release().catch(() => lease.abandon()); // the next run sweeps it
  }
  return readBackup(site, id, { signal });
}

async function rebuild(site: OpenSite, id: string, options: AbortOptions): Promise<void> {
  const lease = (await listLeases(site.context, options)).find((each) => each.id === id);
  // Whoever holds it, even a dead run: then the parts are unfinished, and the next sweep removes them.
  if (lease !== undefined) throw lockedBy("backups.rebuild", lease);
  const damaged = await damagedManifest(site, id, options);
  if (damaged !== "whole") await replace(site, id, damaged, options);
}

/** The bytes of a manifest that is damaged, `null` where it is absent. */
async function damagedManifest(
  site: OpenSite,
  id: string,
  options: AbortOptions,
): Promise<Uint8Array | "whole" | null> {
  try {
    await site.repository.manifest(id, options);
    return "whole";
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return null;
    if (!isLifeboatError(error, "CORRUPT")) throw error;
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of site.context.storage.get(backupKey(id, MANIFEST_NAME), options)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** What is damaged gives way, and is put back where nothing better can be made. */
async function replace(site: OpenSite, id: string, damaged: Uint8Array | null, options: AbortOptions): Promise<void> {
  const { storage } = site.context;
  const key = backupKey(id, MANIFEST_NAME);
  if (damaged !== null) await storage.delete([key], options);
  try {
    await site.repository.rebuild(id, options);
  } catch (error) {
    if (damaged !== null) await storage.put(key, damaged);
    throw error;
  }
}
