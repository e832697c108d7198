import { type EntryInfo, entryPathProblem, LifeboatError, type SourceEntry } from "@lifeboat/contracts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * The facts of an entry that a format keeps; whatever else the source put on it stays behind.
 *
 * @throws INVALID for an entry that no restore would take: better now than on the day it is needed
 */
export function packedEntry(entry: SourceEntry, size = entry.type === "file" ? (entry.size ?? 0) : 0): EntryInfo {
  const { path, type, mode, mtimeMs } = entry;
  const problem = entryProblem(entry);
  if (problem !== null) {
    throw new LifeboatError({
      code: "INVALID",
      operation: "backup.entry",
      key: path,
      message: `The source gave an entry that can't be restored: ${JSON.stringify(path)}: ${problem}.`,
      hint: "Mend the source: paths are relative, links have a target, sizes and times are numbers.",
    });
  }
  const facts: Mutable<EntryInfo> = { path, type, size, mode: mode & 0o7777, mtimeMs };
  const { uid, gid, user, group, target, section } = entry;
  if (uid !== undefined) facts.uid = uid;
  if (gid !== undefined) facts.gid = gid;
  if (user !== undefined) facts.user = user;
  if (group !== undefined) facts.group = group;
  if (target !== undefined) facts.target = target;
  if (section !== undefined) facts.section = section;
  return facts;
}

const TYPES: ReadonlySet<string> = new Set(["file", "directory", "symlink", "hardlink"]);

function entryProblem({ path, type, target, mode, mtimeMs, size = 0, uid = 0, gid = 0 }: SourceEntry): string | null {
  const problem = entryPathProblem(path);
  if (problem !== null) return problem;
  if (!TYPES.has(type)) return `its type is ${JSON.stringify(type)}`;
  const isLink = type === "symlink" || type === "hardlink";
  if (isLink !== (target !== undefined)) return isLink ? "the link has no target" : "it has a link's target";
  if (type === "hardlink" && entryPathProblem(target ?? "") !== null) return "its target is not a path of the source";
  if (!Number.isInteger(mode) || !Number.isFinite(mtimeMs)) return "its mode or time is not a number";
  if (!Number.isSafeInteger(size) || size < 0) return `its size is ${size}`;
  if (!isOwner(uid) || !isOwner(gid)) return `its owner is ${uid}:${gid}`;
  return null;
}

function isOwner(id: number): boolean {
  return Number.isSafeInteger(id + 1) && id >= 0;
}
