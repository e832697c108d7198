import type { AbortOptions } from "@lifeboat/contracts";
import { look, removeFile } from "./files.ts";
import { foldersExist, linkInTheWay, removeEmpty } from "./folders.ts";
import { assertMounted } from "./mount.ts";
import type { Parts } from "./parts.ts";
import { type Place, placeOf } from "./place.ts";
import { syncFolder } from "./sync.ts";

const OPERATION = "storage.delete";
/** So many files are removed side by side. */
const BATCH = 16;

/** Removes objects, and the folders that have nothing in them any more. */
export async function remove({ settings }: Parts, keys: readonly string[], { signal }: AbortOptions): Promise<void> {
  const places = keys.map((key) => placeOf(settings.root, key, OPERATION));
  await assertMounted(settings, OPERATION);
  const left = new Map<string, readonly string[]>();
  try {
    for (let at = 0; at < places.length; at += BATCH) {
      signal?.throwIfAborted();
      const batch = places.slice(at, at + BATCH);
      const done = await Promise.allSettled(batch.map(removeOne));
      for (const [index, outcome] of done.entries()) {
        if (outcome.status === "rejected") throw outcome.reason;
        const folders = batch[index]?.folders ?? [];
        if (outcome.value) left.set(folders.at(-1) ?? settings.root, folders);
      }
    }
  } finally {
    const touched = new Set<string>();
    for (const folders of left.values()) touched.add(await removeEmpty(folders, settings.root));
    if (settings.durable) for (const folder of touched) await syncFolder(folder);
  }
}

/**
 * Whether its folder may have nothing in it now: also where the object was not there,
 * because a process that died may have made no more than the folder. A folder of that
 * name is not the object.
 */
async function removeOne({ key, folders, file }: Place): Promise<boolean> {
  if (!(await foldersExist(folders, OPERATION, key))) return false;
  const found = await look(file);
  if (found?.isSymbolicLink()) throw linkInTheWay(file, OPERATION, key);
  if (found === null) return true;
  if (!found.isFile()) return false;
  await removeFile(file);
  return true;
}
