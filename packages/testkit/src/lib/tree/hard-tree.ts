import {
  chmodSync,
  closeSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  openSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { pathToBytes } from "@lifeboat/contracts";
import { type HardEntry, hardEntries } from "./entries.ts";
import { type Folder, openFolder, within } from "./folder.ts";

/** Options of {@link hardTree}. */
export interface HardTreeOptions {
  /** Adds a sparse file of over 8 GiB, with data at its start, middle and end; it takes a few KiB of disk. Default: `false`. */
  readonly huge?: boolean;
}

/** What {@link hardTree} has made. */
export interface HardTree {
  /** How many files, directories and links. */
  readonly entries: number;
  /** Bytes of content, holes included, hard-linked content once. */
  readonly size: number;
  /** The relative path of the sparse file, where it was asked for. */
  readonly hugeFile?: string;
}

/**
 * Makes a tree of everything that is hard to back up in an existing, empty
 * directory: sizes around block boundaries, names that are no UTF-8 or hold
 * newlines, the composed and decomposed form of one name side by side, names of
 * 255 and paths of 4,000 bytes, all modes, times before 1970 and after 2038,
 * links of every kind, read-only directories. Owners are set where the process is
 * root; elsewhere some files cannot be read, as their modes say.
 *
 * Paths are up to 4,011 bytes below `directory`: keep its own path short. Wants a
 * file system with POSIX names and times (ext4, XFS, Btrfs, tmpfs).
 */
export async function hardTree(directory: string, { huge = false }: HardTreeOptions = {}): Promise<HardTree> {
  const entries = hardEntries(huge);
  using root = openFolder(directory);
  for (const entry of entries) within(root, entry.path, (folder, name) => make(root, folder, name, entry));
  // Innermost first: what is made in a directory changes its time, and a read-only one takes nothing more.
  for (const entry of entries.toReversed()) within(root, entry.path, (folder, name) => finish(folder.at(name), entry));
  const size = entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
  const hugeFile = entries.find(({ type }) => type === "sparse")?.path;
  return { entries: entries.length, size, ...(hugeFile === undefined ? {} : { hugeFile }) };
}

function sizeOf(entry: HardEntry): number {
  if (entry.type === "file") return entry.content.length;
  return entry.type === "sparse" ? entry.size : 0;
}

function make(root: Folder, folder: Folder, name: string, entry: HardEntry): void {
  const path = folder.at(name);
  if (entry.type === "directory") mkdirSync(path);
  else if (entry.type === "file") writeFileSync(path, entry.content, { flag: "wx" });
  else if (entry.type === "symlink") symlinkSync(Buffer.from(pathToBytes(entry.target)), path);
  else if (entry.type === "sparse") makeSparse(path, entry);
  else within(root, entry.target, (from, target) => linkSync(from.at(target), path));
}

function makeSparse(path: Buffer, { size, data }: Extract<HardEntry, { type: "sparse" }>): void {
  const fd = openSync(path, "wx");
  try {
    ftruncateSync(fd, size);
    for (const { at, bytes } of data) writeSync(fd, bytes, 0, bytes.length, at);
  } finally {
    closeSync(fd);
  }
}

function finish(path: Buffer, entry: HardEntry): void {
  if (entry.type === "hardlink") return;
  if (entry.owner !== undefined && process.getuid?.() === 0) lchownSync(path, ...entry.owner);
  if (entry.type !== "symlink") chmodSync(path, entry.mode ?? (entry.type === "directory" ? 0o755 : 0o644));
  const mtime = entry.mtime ?? new Date("2020-02-29T12:34:56.789Z");
  lutimesSync(path, mtime, mtime); // Dates: Node takes a negative number for the present
}
