import { chmodSync, lstatSync, renameSync, rmdirSync, unlinkSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import { closeDirectory, type Directory, openChild } from "./directory.ts";
import { native, readNames } from "./names.ts";
import { temporaryName } from "./temporary.ts";

/** Deeper than this, a directory is first moved up, so that few are held open at a time. */
const DEPTH = 32;
const OWNER_ALL = 0o700;

/**
 * Removes what `name` is in a directory, with all that is in it, never through a link. Absence is no error.
 *
 * @throws EBUSY at a directory on which another file system is mounted
 */
export function removeTree(parent: Directory, name: string): void {
  const stat = lstatSync(native(parent.base + name), { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isDirectory()) {
    unlinkSync(native(parent.base + name));
    return;
  }
  const { dev } = stat;
  const waiting = [{ name, mode: stat.mode }];
  const moveUp = (from: string | Buffer, mode: number) => {
    const up = temporaryName();
    renameSync(from, native(parent.base + up));
    waiting.push({ name: up, mode });
  };
  for (const next of waiting) empty(parent, next.name, next.mode, dev, 0, moveUp);
}

function empty(
  parent: Directory,
  name: string,
  mode: number,
  dev: number,
  depth: number,
  moveUp: (from: string | Buffer, mode: number) => void,
): void {
  const at = native(parent.base + name);
  const directory = openOwned(parent, name, mode);
  try {
    for (const child of readNames(directory.base)) {
      const path = native(directory.base + child);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      if (stat === undefined) continue;
      if (!stat.isDirectory()) unlinkSync(path);
      else if (stat.dev !== dev) throw mounted();
      else if (depth >= DEPTH) moveUp(path, stat.mode);
      else empty(directory, child, stat.mode, dev, depth + 1, moveUp);
    }
  } finally {
    closeDirectory(directory);
  }
  rmdirSync(at);
}

function mounted(): Error {
  return Object.assign(new Error("EBUSY: another file system is mounted in it"), { code: "EBUSY" });
}

/** Opens a directory that is to be emptied, giving its owner the right to do so where it lacks it. */
function openOwned(parent: Directory, name: string, mode: number): Directory {
  try {
    if ((mode & OWNER_ALL) !== OWNER_ALL) chmodSync(native(parent.base + name), mode | OWNER_ALL);
  } catch (error) {
    if (errnoOf(error) !== "EPERM") throw error; // another's: whether it can be emptied will show
  }
  return openChild(parent, name);
}
