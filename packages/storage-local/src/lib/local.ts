import { statfs } from "node:fs/promises";
import { LifeboatError, type Storage, type StorageCapabilities } from "@lifeboat/contracts";
import { nearestExisting } from "@lifeboat/disk";
import { copy } from "./copy.ts";
import { explain } from "./errors.ts";
import { look } from "./files.ts";
import { FolderMaker, foldersExist, linkInTheWay } from "./folders.ts";
import { get, openFile } from "./get.ts";
import { list } from "./list.ts";
import { assertMounted } from "./mount.ts";
import { type LocalStorageOptions, type Settings, settingsOf } from "./options.ts";
import type { Parts } from "./parts.ts";
import { MAX_KEY_BYTES, MAX_SEGMENT_BYTES, placeOf } from "./place.ts";
import { put } from "./put.ts";
import { remove } from "./remove.ts";
import { TemporaryFiles } from "./temporary.ts";

const CAPABILITIES: StorageCapabilities = {
  conditionalPut: true,
  copy: "hardlink",
  space: true,
  maxKeyBytes: MAX_KEY_BYTES,
  maxSegmentBytes: MAX_SEGMENT_BYTES,
  maxObjectBytes: Number.POSITIVE_INFINITY,
};

/**
 * A storage in a directory of this machine, or of a disk that is mounted on it:
 * each object is a file at its key, readable with any tool. Files are `0600` and
 * folders `0700`, whatever the umask. Links inside the directory are never
 * followed, and what is no regular file is no object. A key cannot be an object
 * and a folder of other objects at once (`INVALID`).
 *
 * Does nothing before it is asked to.
 *
 * @throws INVALID where the path is empty
 */
export function localStorage(options: LocalStorageOptions): Storage {
  const settings = settingsOf(options);
  const maker = new FolderMaker(settings.durable);
  const parts: Parts = { settings, maker, temporaries: new TemporaryFiles(settings.root, maker) };
  let disposed = false;

  function begin(operation: string, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (!disposed) return;
    throw new LifeboatError({ code: "INVALID", operation, message: "The storage has been disposed of." });
  }

  async function run<T>(operation: string, key: string | undefined, o: WithSignal, work: () => Promise<T>): Promise<T> {
    try {
      begin(operation, o.signal);
      return await work();
    } catch (error) {
      throw error === o.signal?.reason ? error : explain(error, operation, key);
    }
  }

  async function* each<T>(operation: string, key: string | undefined, o: WithSignal, items: () => AsyncIterable<T>) {
    try {
      begin(operation, o.signal);
      yield* items();
    } catch (error) {
      throw error === o.signal?.reason ? error : explain(error, operation, key);
    }
  }

  return {
    name: settings.name,
    capabilities: CAPABILITIES,
    localDirectory: settings.root,
    put: (key, body, o = {}) => run("storage.put", key, o, () => put(parts, key, body, o)),
    get: (key, o = {}) => each("storage.get", key, o, () => get(parts, key, o)),
    openFile: (key, o = {}) => run("storage.get", key, o, () => openFile(parts, key)),
    stat: (key, o = {}) => run("storage.stat", key, o, () => stat(settings, key)),
    list: (prefix, o = {}) => each("storage.list", undefined, o, () => list(parts, prefix, o)),
    delete: (keys, o = {}) => run("storage.delete", undefined, o, () => remove(parts, keys, o)),
    copy: (from, to, o = {}) => run("storage.copy", from, o, () => copy(parts, from, to, o)),
    space: (o = {}) => run("storage.space", undefined, o, () => space(settings)),
    async [Symbol.asyncDispose]() {
      disposed = true;
    },
  };
}

interface WithSignal {
  readonly signal?: AbortSignal | undefined;
}

async function stat(settings: Settings, key: string) {
  const place = placeOf(settings.root, key, "storage.stat");
  await assertMounted(settings, "storage.stat");
  const there = await foldersExist(place.folders, "storage.stat", key);
  const found = there ? await look(place.file) : null;
  if (found?.isSymbolicLink()) throw linkInTheWay(place.file, "storage.stat", key);
  if (found?.isFile()) return { key, size: found.size, modified: found.mtime };
  await assertMounted(settings, "storage.stat"); // pulled out meanwhile, it proves no absence
  return null;
}

async function space(settings: Settings) {
  await assertMounted(settings, "storage.space");
  const { bavail, blocks, bsize } = await statfs(await nearestExisting(settings.root));
  return { free: bavail * bsize, total: blocks * bsize };
}
