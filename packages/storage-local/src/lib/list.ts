import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { AbortOptions, ObjectInfo } from "@lifeboat/contracts";
import { errnoOf } from "./errors.ts";
import { look } from "./files.ts";
import { foldersExist } from "./folders.ts";
import { assertMounted } from "./mount.ts";
import type { Parts } from "./parts.ts";
import { folderOfPrefix, foldersTo, isKey, TEMPORARY } from "./place.ts";

const OPERATION = "storage.list";
/** So many files are looked at side by side. */
const BATCH = 64;

/**
 * Walks the folder that a prefix names. What is remembered are the names in one
 * folder, and those of folders still to be walked.
 */
export async function* list({ settings }: Parts, prefix: string, { signal }: AbortOptions): AsyncGenerator<ObjectInfo> {
  await assertMounted(settings, OPERATION);
  const segments = folderOfPrefix(prefix);
  if (segments !== null && (await foldersExist(foldersTo(settings.root, segments), OPERATION))) {
    yield* walk(settings.root, segments.map((segment) => `${segment}/`).join(""), prefix, signal);
  }
  await assertMounted(settings, OPERATION); // a disk that was pulled out has not been listed to its end
}

async function* walk(root: string, top: string, prefix: string, signal?: AbortSignal): AsyncGenerator<ObjectInfo> {
  const waiting = [top];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const keys = (await namesIn(root, folder)).map((name) => folder + name);
    const wanted = keys.filter((key) => key.startsWith(prefix) || prefix.startsWith(`${key}/`));
    for (let at = 0; at < wanted.length; at += BATCH) {
      signal?.throwIfAborted();
      const batch = wanted.slice(at, at + BATCH);
      const found = await Promise.all(batch.map((key) => look(join(root, key))));
      for (const [index, key] of batch.entries()) {
        signal?.throwIfAborted();
        const one = found[index];
        if (one?.isDirectory() && key !== TEMPORARY) waiting.push(`${key}/`);
        else if (one?.isFile() && key.startsWith(prefix) && isKey(key)) {
          yield { key, size: one.size, modified: one.mtime };
        }
      }
    }
  }
}

/**
 * Names alone: where a file system does not tell types, Node looks at each entry
 * itself, and one that is deleted meanwhile would end the listing of its folder.
 */
async function namesIn(root: string, folder: string): Promise<string[]> {
  try {
    return await readdir(join(root, folder));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return []; // removed since its name was read
    if (errno === "EACCES" && folder === "lost+found/") return []; // ext4's own, on every disk's top folder
    throw error;
  }
}
