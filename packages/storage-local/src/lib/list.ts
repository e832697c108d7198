import type { Dirent } from "node:fs";
import { opendir } from "node:fs/promises";
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
 * Walks the folder that a prefix names. Only one directory is open at a time; what
 * is remembered are the names of folders still to be walked.
 */
export async function* list({ settings }: Parts, prefix: string, { signal }: AbortOptions): AsyncGenerator<ObjectInfo> {
  await assertMounted(settings, OPERATION);
  const segments = folderOfPrefix(prefix);
  if (segments === null || !(await foldersExist(foldersTo(settings.root, segments), OPERATION))) return;
  const waiting = [segments.map((segment) => `${segment}/`).join("")];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    let batch: string[] = [];
    for await (const found of namesIn(settings.root, folder)) {
      signal?.throwIfAborted();
      const key = folder + found.name;
      if (found.isDirectory() && (`${key}/`.startsWith(prefix) || prefix.startsWith(`${key}/`))) {
        if (key !== TEMPORARY) waiting.push(`${key}/`);
      } else if (found.isFile() && key.startsWith(prefix) && isKey(key)) {
        batch.push(key);
      }
      if (batch.length < BATCH) continue;
      yield* lookAt(settings.root, batch, signal);
      batch = [];
    }
    yield* lookAt(settings.root, batch, signal);
  }
}

async function* namesIn(root: string, folder: string): AsyncGenerator<Dirent> {
  try {
    yield* await opendir(join(root, folder), { bufferSize: 256 });
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return; // removed since its name was read
    if (errno === "EACCES" && folder === "lost+found/") return; // ext4's own, on every disk's top folder
    throw error;
  }
}

async function* lookAt(root: string, keys: readonly string[], signal?: AbortSignal): AsyncGenerator<ObjectInfo> {
  const found = await Promise.all(keys.map((key) => look(join(root, key))));
  for (const [index, key] of keys.entries()) {
    signal?.throwIfAborted();
    const one = found[index];
    if (one?.isFile()) yield { key, size: one.size, modified: one.mtime };
  }
}
