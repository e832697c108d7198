import { constants, fstatSync, lstatSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { errnoOf } from "../errors.ts";
import { closeDirectory, type Directory, openChild, openRoot } from "./directory.ts";
import { native, readNames } from "./names.ts";

const FILE = constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0);
const DIRECTORY = constants.O_RDONLY | (constants.O_DIRECTORY ?? 0);
/** Clocks of file systems lag behind by up to a tick. */
const TICK_MS = 20;

/**
 * Writes every directory of a tree to the disk, those above it on the same file system, which
 * may be new too, and every file in it that was changed since, by the file system's clock; answers
 * how many files that were.
 *
 * @throws the system's error where the disk fails
 */
export async function syncTree(root: string, sinceMs: number): Promise<number> {
  const top = openRoot(root);
  try {
    const files = await syncDirectory(top, sinceMs - TICK_MS);
    if (top.fd >= 0) await syncAbove(root, fstatSync(top.fd).dev);
    return files;
  } finally {
    closeDirectory(top);
  }
}

async function syncAbove(path: string, dev: number): Promise<void> {
  const parent = dirname(path);
  if (parent === path) return;
  const isOurs = await unlessUnreadable(false, async () => {
    if (lstatSync(native(parent)).dev !== dev) return false;
    await flush(native(parent), DIRECTORY);
    return true;
  });
  if (isOurs) await syncAbove(parent, dev);
}

async function syncDirectory(directory: Directory, sinceMs: number): Promise<number> {
  let files = 0;
  for (const name of readNames(directory.base)) {
    const at = native(directory.base + name);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isDirectory()) files += await within(directory, name, sinceMs);
    else if (stat?.isFile() && stat.ctimeMs >= sinceMs && (await syncFile(at))) files += 1;
  }
  if (directory.fd >= 0) await flush(native(directory.base), DIRECTORY);
  return files;
}

function within(parent: Directory, name: string, sinceMs: number): Promise<number> {
  return unlessUnreadable(0, async () => {
    const directory = openChild(parent, name);
    try {
      return await syncDirectory(directory, sinceMs);
    } finally {
      closeDirectory(directory);
    }
  });
}

function syncFile(at: string | Buffer): Promise<boolean> {
  return unlessUnreadable(false, async () => {
    await flush(at, FILE);
    return true;
  });
}

/** By a handle: under Node's permission model, `fsyncSync` of a descriptor is not allowed. */
async function flush(at: string | Buffer, flags: number): Promise<void> {
  await using handle = await open(at, flags);
  await handle.sync();
}

/** What is gone by now needs no sync; what may not be opened, not even by its owner, can't have one. */
async function unlessUnreadable<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ELOOP", "ENOTDIR"].includes(errnoOf(error) ?? "")) return otherwise;
    throw error;
  }
}
