import { closeSync, constants, fstatSync, fsyncSync, lstatSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { errnoOf } from "../errors.ts";
import { closeDirectory, type Directory, openChild, openRoot } from "./directory.ts";
import { native, readNames } from "./names.ts";

const OPEN = constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0);
/** Clocks of file systems lag behind by up to a tick. */
const TICK_MS = 20;

/**
 * Writes every directory of a tree to the disk, those above it on the same file system, which
 * may be new too, and every file in it that was changed since, by the file system's clock; answers how many files that were. Synchronous: it belongs in a worker.
 *
 * @throws the system's error where the disk fails
 */
export function syncTree(root: string, sinceMs: number): number {
  const top = openRoot(root);
  try {
    const files = syncDirectory(top, sinceMs - TICK_MS);
    if (top.fd >= 0) syncAbove(root, fstatSync(top.fd).dev);
    return files;
  } finally {
    closeDirectory(top);
  }
}

function syncAbove(path: string, dev: number): void {
  const parent = dirname(path);
  if (parent === path) return;
  const isOurs = unlessUnreadable(true, () => {
    const directory = openRoot(parent);
    try {
      if (fstatSync(directory.fd).dev !== dev) return false;
      fsyncSync(directory.fd);
      return true;
    } finally {
      closeDirectory(directory);
    }
  });
  if (isOurs) syncAbove(parent, dev);
}

function syncDirectory(directory: Directory, sinceMs: number): number {
  let files = 0;
  for (const name of readNames(directory.base)) {
    const stat = lstatSync(native(directory.base + name), { throwIfNoEntry: false });
    if (stat?.isDirectory()) files += within(directory, name, sinceMs);
    else if (stat?.isFile() && stat.ctimeMs >= sinceMs && syncFile(native(directory.base + name))) files += 1;
  }
  if (directory.fd >= 0) fsyncSync(directory.fd);
  return files;
}

function within(parent: Directory, name: string, sinceMs: number): number {
  return unlessUnreadable(0, () => {
    const directory = openChild(parent, name);
    try {
      return syncDirectory(directory, sinceMs);
    } finally {
      closeDirectory(directory);
    }
  });
}

function syncFile(at: string | Buffer): boolean {
  return unlessUnreadable(false, () => {
    const fd = openSync(at, OPEN);
    try {
      fsyncSync(fd);
      return true;
    } finally {
      closeSync(fd);
    }
  });
}

/** What is gone by now needs no sync; what may not be opened, not even by its owner, can't have one. */
function unlessUnreadable<T>(otherwise: T, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (["ENOENT", "EACCES", "EPERM", "ELOOP", "ENOTDIR"].includes(errnoOf(error) ?? "")) return otherwise;
    throw error;
  }
}
