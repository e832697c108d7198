import { lstatSync, readdirSync, readlinkSync, type Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathFromBytes } from "@lifeboat/contracts";
import { firstDifference } from "./content.ts";
import { type Folder, openFolder } from "./folder.ts";

/** In what two trees differ at a path. */
export interface TreeDifference {
  /** Relative, raw bytes escaped as entry paths are. */
  readonly path: string;
  readonly aspect: "presence" | "type" | "size" | "content" | "mode" | "mtime" | "target" | "hard link" | "owner";
  /** In the first tree. */
  readonly expected: string;
  /** In the second. */
  readonly found: string;
}

/** Options of {@link compareTrees}. */
export interface CompareTreesOptions {
  /** Aspects that do not matter. Default: none. */
  readonly ignore?: readonly TreeDifference["aspect"][];
}

/** A place in both trees. */
interface Pair {
  readonly path: string;
  readonly expected: Buffer;
  readonly found: Buffer;
}

/**
 * Compares two directories: every name, byte, mode, owner, modification time to
 * the millisecond (of directories and links too), link text, and which names are
 * hard links to one file. Both are walked in the same order and files are read in
 * pieces, so memory stays small. The two directories themselves are not compared,
 * only what is in them. An empty answer means: identical.
 */
export async function compareTrees(
  expected: string,
  found: string,
  options: CompareTreesOptions = {},
): Promise<readonly TreeDifference[]> {
  const ignored = new Set(options.ignore);
  const differences: TreeDifference[] = [];
  const groups = { expected: new Map<string, string>(), found: new Map<string, string>() };

  function differ(path: string, aspect: TreeDifference["aspect"], wanted: unknown, actual: unknown): void {
    if (wanted === actual || ignored.has(aspect)) return;
    differences.push({ path, aspect, expected: String(wanted), found: String(actual) });
  }

  async function compareFolders(path: string, left: Folder, right: Folder): Promise<void> {
    await nextTurn(); // the host of a test gets a turn for each directory
    const [before, after] = [namesIn(left), namesIn(right)];
    for (const name of [...new Set([...before, ...after])].sort()) {
      const pair = { path: path === "" ? name : `${path}/${name}`, expected: left.at(name), found: right.at(name) };
      if (before.has(name) && after.has(name)) await compareEntries(pair);
      else differ(pair.path, "presence", presence(before.has(name)), presence(after.has(name)));
    }
  }

  async function compareEntries(pair: Pair): Promise<void> {
    const [left, right] = [lstatSync(pair.expected), lstatSync(pair.found)];
    const type = typeOf(left);
    differ(pair.path, "type", type, typeOf(right));
    if (type !== typeOf(right)) return;
    differ(pair.path, "owner", `${left.uid}:${left.gid}`, `${right.uid}:${right.gid}`);
    if (Math.abs(left.mtimeMs - right.mtimeMs) >= 1) differ(pair.path, "mtime", timeOf(left), timeOf(right));
    if (type !== "symlink") differ(pair.path, "mode", modeOf(left), modeOf(right));
    if (type === "symlink") differ(pair.path, "target", targetOf(pair.expected), targetOf(pair.found));
    if (type === "file") await compareFiles(pair, left, right);
    if (type === "directory") {
      using expectedFolder = openFolder(pair.expected);
      using foundFolder = openFolder(pair.found);
      await compareFolders(pair.path, expectedFolder, foundFolder);
    }
  }

  async function compareFiles(pair: Pair, left: Stats, right: Stats): Promise<void> {
    const first = [firstOf(groups.expected, left, pair.path), firstOf(groups.found, right, pair.path)];
    differ(pair.path, "hard link", first[0], first[1]);
    differ(pair.path, "size", left.size, right.size);
    if (left.size !== right.size || ignored.has("content")) return;
    if (first[0] !== pair.path && first[0] === first[1]) return; // its bytes were compared under its first name
    const at = await firstDifference(pair.expected, pair.found, left.size);
    if (at !== null) differ(pair.path, "content", `the same byte at ${at}`, "another one");
  }

  using left = openFolder(expected);
  using right = openFolder(found);
  await compareFolders("", left, right);
  return differences;
}

function namesIn(folder: Folder): ReadonlySet<string> {
  return new Set(readdirSync(folder.path, { encoding: "buffer" }).map((name) => pathFromBytes(name)));
}

/** The first path that was seen of a file with several names. */
function firstOf(group: Map<string, string>, { dev, ino, nlink }: Stats, path: string): string {
  if (nlink < 2) return path;
  const id = `${dev}:${ino}`;
  const first = group.get(id) ?? path;
  group.set(id, first);
  return first;
}

function typeOf(stats: Stats): string {
  if (stats.isFile()) return "file";
  if (stats.isDirectory()) return "directory";
  return stats.isSymbolicLink() ? "symlink" : "something else";
}

const presence = (there: boolean) => (there ? "there" : "absent");
const modeOf = ({ mode }: Stats) => (mode & 0o7777).toString(8).padStart(4, "0");
const timeOf = ({ mtimeMs }: Stats) => `${new Date(Math.floor(mtimeMs)).toISOString()} (${mtimeMs} ms)`;
const targetOf = (path: Buffer) => pathFromBytes(readlinkSync(path, { encoding: "buffer" }));
