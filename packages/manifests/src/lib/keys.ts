import { LifeboatError } from "@lifeboat/contracts";
import { parseBackupId } from "./ids.ts";

/** Under this prefix lie all backups of a site, one folder each. */
export const BACKUPS_PREFIX = "backups/";
/** Names in a backup's folder that are not a part's. */
export const MANIFEST_NAME = "manifest.json";
export const LABELS_NAME = "labels.json";
export const VERIFIED_NAME = "verified.json";

/**
 * The prefix of everything a backup has in the storage, `backups/<id>/`.
 *
 * @throws INVALID where `id` is not the id of a backup
 */
export function backupFolder(id: string): string {
  if (parseBackupId(id) === null) {
    throw new LifeboatError({
      code: "INVALID",
      operation: "backup.id",
      key: id,
      message: `Expected the id of a backup, found ${JSON.stringify(id)}.`,
      hint: "Use an id as engine.backups.list() gives it, such as 2026-11-20T02-00-00.123Z-manual-7f3a.",
    });
  }
  return `${BACKUPS_PREFIX}${id}/`;
}

/** The key of one object of a backup, `backups/<id>/<name>`. */
export function backupKey(id: string, name: string): string {
  return `${backupFolder(id)}${name}`;
}
