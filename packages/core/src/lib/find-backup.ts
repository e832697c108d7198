import { type AbortOptions, isLifeboatError, LifeboatError } from "@lifeboat/contracts";
import { backupFolder, backupKey, MANIFEST_NAME } from "@lifeboat/manifests";
import { isDamage } from "./errors.ts";
import { leaseKey } from "./lease-store.ts";
import type { OpenSite } from "./sites.ts";
import { hasMore, manifestMissing } from "./sweep.ts";

const GET = "backups.get";

/**
 * Tells a backup that is absent from one that has lost its manifest.
 *
 * @throws NOT_FOUND; CORRUPT
 */
export async function expectManifest(site: OpenSite, id: string, options: AbortOptions): Promise<void> {
  const isThere = async (key: string) => (await site.context.storage.stat(key, options)) !== null;
  const manifest = backupKey(id, MANIFEST_NAME);
  if (await isThere(manifest)) return;
  if (!(await hasMore(site, id, options))) throw noBackup(site, id);
  // A run may be making or deleting it, or have ended since: leases go last.
  if (await isThere(leaseKey(id))) throw noBackup(site, id);
  if (await isThere(manifest)) return;
  throw (await hasMore(site, id, options)) ? manifestMissing(id) : noBackup(site, id);
}

/** Whether anything of a backup is in the storage. */
export async function hasFolder({ context }: OpenSite, id: string, options: AbortOptions): Promise<boolean> {
  for await (const _ of context.storage.list(backupFolder(id), options)) return true;
  return false;
}

/** Says that a site has no such backup. */
export function noBackup(site: OpenSite, id: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation: GET,
    key: id,
    message: `There is no backup ${id} on site "${site.name}".`,
    hint: "engine.backups.list({ site }) shows what there is.",
  });
}

/**
 * What reads a backup, and may meet another's deletion: damage that is only that, is told as that.
 *
 * @throws NOT_FOUND where the backup was deleted while it was being read
 */
export async function unlessDeleted<T>(site: () => Promise<OpenSite>, id: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!mayBeDeletion(error) || (await isThere(site, id))) throw error;
    throw new LifeboatError({
      code: "NOT_FOUND",
      operation: GET,
      key: id,
      message: `The backup ${id} was deleted while it was being read.`,
      hint: "engine.backups.list({ site }) shows what there is.",
      cause: error,
    });
  }
}

/** Damage, and pieces that are missing; not that there was no such backup to begin with. */
function mayBeDeletion(error: unknown): boolean {
  return isDamage(error) || (isLifeboatError(error, "NOT_FOUND") && error.operation !== GET);
}

async function isThere(site: () => Promise<OpenSite>, id: string): Promise<boolean> {
  try {
    const { context } = await site();
    return (await context.storage.stat(backupKey(id, MANIFEST_NAME))) !== null;
  } catch {
    return true; // who could not look only knows what was found before
  }
}
