import { closeSync, constants, existsSync, lstatSync, openSync } from "node:fs";
import { native } from "./names.ts";

/**
 * An open directory. On Linux it is held by a descriptor, so that what is done
 * inside it stays inside it whatever is renamed or linked meanwhile, and no path
 * is ever too long. Elsewhere it is a path that was checked to be no link.
 */
export interface Directory {
  /** What a name is appended to, ending in `/`. */
  readonly base: string;
  /** -1 where directories are held by path. */
  readonly fd: number;
}

const FLAGS = constants.O_RDONLY | constants.O_DIRECTORY;
let descriptors: boolean | undefined;

function byDescriptor(): boolean {
  descriptors ??= process.platform === "linux" && existsSync("/proc/self/fd");
  return descriptors;
}

/** Opens the directory at a path, through links if need be: the roots, which the host names itself. */
export function openRoot(path: string): Directory {
  if (byDescriptor()) return held(openSync(native(path), FLAGS));
  return { base: `${path}/`, fd: -1 };
}

/**
 * Opens a directory in a directory.
 *
 * @throws ENOTDIR or ELOOP where it is a link or no directory, unless links are followed
 */
export function openChild(parent: Directory, name: string, followLinks = false): Directory {
  const path = parent.base + name;
  if (parent.fd >= 0) return held(openSync(native(path), followLinks ? FLAGS : FLAGS | constants.O_NOFOLLOW));
  if (!followLinks && !lstatSync(native(path)).isDirectory()) {
    throw Object.assign(new Error("ENOTDIR: not a directory"), { code: "ENOTDIR" });
  }
  return { base: `${path}/`, fd: -1 };
}

/** Closes what {@link openRoot} or {@link openChild} opened. */
export function closeDirectory(directory: Directory): void {
  if (directory.fd >= 0) closeSync(directory.fd);
}

function held(fd: number): Directory {
  return { base: `/proc/self/fd/${fd}/`, fd };
}
