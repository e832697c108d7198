import { type AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { backupFolder, backupKey, MANIFEST_NAME } from "@lifeboat/manifests";
import type { OpenSite } from "./sites.ts";
import { manifestMissing } from "./sweep.ts";

/**
 * Tells a backup that is absent from one that has lost its manifest.
 *
 * @throws NOT_FOUND; CORRUPT
 */
export async function expectManifest(site: OpenSite, id: string, options: AbortOptions): Promise<void> {
  const { storage } = site.context;
  if ((await storage.stat(backupKey(id, MANIFEST_NAME), options)) !== null) return;
  if (await hasFolder(site, id, options)) throw manifestMissing(id);
  throw noBackup(site, id);
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
    operation: "backups.get",
    key: id,
    message: `There is no backup ${id} on site "${site.name}".`,
    hint: "engine.backups.list({ site }) shows what there is.",
  });
}
