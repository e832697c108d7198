import { linkSync, renameSync, unlinkSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import type { Directory } from "../fs/directory.ts";
import { native } from "../fs/names.ts";

/** What `rename` answers where the name belongs to a directory. */
const DIRECTORY_THERE = ["EISDIR", "ENOTEMPTY", "EEXIST", "EPERM"];

/**
 * Gives a finished file its name. With `onlyIfAbsent` whatever has the name stays;
 * otherwise it is replaced, and a directory in the way is displaced first.
 */
export function publish(
  directory: Directory,
  temporary: string,
  name: string,
  onlyIfAbsent: boolean,
  displace: () => void,
): void {
  const from = native(directory.base + temporary);
  const to = native(directory.base + name);
  try {
    if (onlyIfAbsent && linkInto(from, to)) return;
    try {
      renameSync(from, to);
    } catch (error) {
      if (onlyIfAbsent || !DIRECTORY_THERE.includes(errnoOf(error) ?? "")) throw error;
      displace();
      renameSync(from, to);
    }
  } finally {
    // left over after an error, and after renaming one name of a file onto another of the same
    unlinkQuietly(directory, temporary);
  }
}

/** Whether a link could be made, or the name was taken; `false` where the file system has no hard links. */
function linkInto(from: string | Buffer, to: string | Buffer): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (errnoOf(error) === "EEXIST") return true;
    if (["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

/** Removes a temporary name, if it is still there. */
export function unlinkQuietly(directory: Directory, name: string): void {
  try {
    unlinkSync(native(directory.base + name));
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
