import type { AbortOptions, ListedBackup, Storage } from "@lifeboat/contracts";
import { type Fences, NO_FENCES } from "./fences.ts";
import { parseBackupId } from "./ids.ts";
import { BACKUPS_PREFIX, backupFolder, backupKey, LABELS_NAME, MANIFEST_NAME, VERIFIED_NAME } from "./keys.ts";

/** So many keys go to the storage in one call to delete. */
const DELETE_BATCH = 1000;

/**
 * Every backup's folder, in one listing of the storage. Folders whose names are
 * not ids of backups are passed over. Memory grows with the number of backups,
 * not with that of their objects.
 */
export async function* listBackups(storage: Storage, options: AbortOptions = {}): AsyncIterable<ListedBackup> {
  const found = new Map<string, { complete: boolean; labelled: boolean; verified: string; stamp: string }>();
  for await (const { key, size, modified } of storage.list(BACKUPS_PREFIX, options)) {
    const slash = key.indexOf("/", BACKUPS_PREFIX.length);
    if (slash === -1) continue;
    const id = key.slice(BACKUPS_PREFIX.length, slash);
    let backup = found.get(id);
    if (backup === undefined) {
      if (parseBackupId(id) === null) continue;
      backup = { complete: false, labelled: false, verified: "", stamp: "" };
      found.set(id, backup);
    }
    const name = key.slice(slash + 1);
    if (name === MANIFEST_NAME) {
      backup.complete = true;
      backup.stamp = `${modified.getTime()}-${size}`;
    } else if (name === LABELS_NAME) backup.labelled = true;
    else if (name === VERIFIED_NAME) backup.verified = `${modified.getTime()}-${size}`;
  }
  for (const [id, backup] of found) yield { id, ...backup };
}

/** What a look at a backup tells whose manifest came after its run had been given up. */
export type LateVerdict = "believed" | "not-now" | "void";

/**
 * Marks the late ones among listed backups: those whose run had been given up before their manifest arrived, and
 * which are not whole. The fences are looked at after the manifests, which is what counts.
 */
export async function* withoutLate(
  backups: AsyncIterable<ListedBackup>,
  fences: Fences,
  judge: (backup: ListedBackup) => Promise<LateVerdict>,
  options: AbortOptions,
): AsyncIterable<ListedBackup> {
  const all: ListedBackup[] = [];
  for await (const backup of backups) all.push(backup);
  const fenced = all.some(({ complete }) => complete) ? await fences.all(options) : NO_FENCES;
  for (const backup of all) {
    if (!backup.complete || !fenced.has(backup.id)) yield backup;
    else {
      const found = await judge(backup);
      // Nobody is to delete a backup that lacks something only because a document of fences can't be read.
      const verdict = found === "void" && !fenced.isCertain(backup.id) ? "not-now" : found;
      yield verdict === "believed" ? backup : { ...backup, complete: false, late: verdict };
    }
  }
}

/**
 * Deletes backups, finished or not: all the manifests first, so that none is
 * listed half-deleted, then everything else.
 */
export async function removeBackups(
  storage: Storage,
  ids: readonly string[],
  options: AbortOptions = {},
): Promise<void> {
  const manifests = ids.map((id) => backupKey(id, MANIFEST_NAME));
  for (let at = 0; at < manifests.length; at += DELETE_BATCH) {
    options.signal?.throwIfAborted();
    await storage.delete(manifests.slice(at, at + DELETE_BATCH), options);
  }
  for (const id of ids) await removeFolder(storage, id, () => true, options);
}

/**
 * Deletes what a run that was given up has left in a backup's folder, but never the key of its
 * manifest: one that arrives late is not lost by it, but finds out that its parts are gone.
 */
export function removeRemains(storage: Storage, id: string, options: AbortOptions = {}): Promise<void> {
  const manifest = backupKey(id, MANIFEST_NAME);
  return removeFolder(storage, id, (key) => key !== manifest, options);
}

async function removeFolder(
  storage: Storage,
  id: string,
  goes: (key: string) => boolean,
  options: AbortOptions,
): Promise<void> {
  let batch: string[] = [];
  for await (const { key } of storage.list(backupFolder(id), options)) {
    if (!goes(key)) continue;
    batch.push(key);
    if (batch.length < DELETE_BATCH) continue;
    await storage.delete(batch, options);
    batch = [];
  }
  options.signal?.throwIfAborted();
  if (batch.length > 0) await storage.delete(batch, options);
}
