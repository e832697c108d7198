import type { BackupContext, LocalFile, SourceEntry } from "@lifeboat/contracts";
import { byteLength } from "../fs/names.ts";
import { type Owners, readOwners } from "../fs/owners.ts";
import { readFound } from "./open.ts";
import type { Found, WalkOptions } from "./protocol.ts";
import { walk } from "./walk.ts";

/** The longest path that the system takes, in bytes, with its NUL. */
const PATH_MAX = 4096;

/** A walk as entries of a backup. */
export async function* treeEntries(
  options: WalkOptions,
  context: BackupContext,
  thread?: boolean,
): AsyncGenerator<SourceEntry, void, undefined> {
  const owners = await readOwners();
  const report = context.report.bind(context);
  const avoided = (path: string) => {
    context.warn?.("site-left-out", `${path} was left out: backups lie there, and none is made of backups.`);
  };
  const run = { signal: context.signal, report, avoided, thread };
  for await (const found of walk(options, run)) {
    yield found.type === "file" ? fileEntry(found, owners, options, context) : linkEntry(found, owners, options);
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Built by assignment: a tree has many entries, and spreading a few objects into each costs more than the walk. */
function plainEntry(found: Found, owners: Owners): Mutable<SourceEntry> {
  const { path, type, size, mode, mtimeMs, uid, gid } = found;
  const entry: Mutable<SourceEntry> = { path, type, size, mode, mtimeMs, uid, gid };
  const user = owners.user(uid);
  const group = owners.group(gid);
  if (user !== undefined) entry.user = user;
  if (group !== undefined) entry.group = group;
  if (type === "symlink" || type === "hardlink") entry.target = found.target;
  if (found.section !== "") entry.section = found.section;
  return entry;
}

/** Formats look whether a hard link's file can be read: where it cannot, its first name is not in the backup either. */
function linkEntry(found: Found, owners: Owners, { root }: WalkOptions): SourceEntry {
  const entry = plainEntry(found, owners);
  const local = found.type === "hardlink" ? localFile(found, root) : null;
  if (local !== null) entry.local = local;
  return entry;
}

function fileEntry(found: Found, owners: Owners, options: WalkOptions, context: BackupContext): SourceEntry {
  const { root, followLinks, operation } = options;
  const entry = plainEntry(found, owners);
  const local = localFile(found, root);
  if (local !== null) entry.local = local;
  entry.open = ({ signal } = {}) => {
    const both = signal === undefined ? context.signal : AbortSignal.any([signal, context.signal]);
    return readFound(found, { root, followLinks, operation, signal: both, report: (p) => context.report(p) });
  };
  return entry;
}

/** Where a worker finds the content; `null` where no path leads there. */
function localFile({ path, real, dev, ino, ctimeMs }: Found, root: string): LocalFile | null {
  const at = real === "" ? `${root === "/" ? "" : root}/${path}` : real;
  if (!at.startsWith("/") && process.platform !== "win32") return null;
  return at.length * 3 < PATH_MAX || byteLength(at) < PATH_MAX ? { path: at, dev, ino, ctimeMs } : null;
}
