import type { EntryInfo, SourceEntry } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import { type Body, EMPTY_BODY, type Refs } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import type { PackResult } from "../worker/tasks.ts";

/** A file that changed so many milliseconds before may change again without its times telling: file systems' clocks tick. */
const TICK_MS = 20;
/** Some only tick every second or two. */
const COARSE_TICK_MS = 2100;

/**
 * An entry's row.
 *
 * @param local where the file's own facts are, to be compared with the next time
 * @param now what time it was before the file was read
 */
export function rowOf(info: EntryInfo, local: SourceEntry["local"], now: number, body: Body = EMPTY_BODY): ListRow {
  const ctimeMs = local?.ctimeMs ?? Number.NaN;
  return {
    path: info.path,
    type: info.type,
    size: info.size,
    mode: info.mode,
    mtimeMs: info.mtimeMs,
    ctimeMs: ctimeMs > now - tickOf(ctimeMs) ? Number.NaN : ctimeMs,
    inode: local?.ino ?? 0,
    uid: info.uid,
    gid: info.gid,
    user: info.user,
    group: info.group,
    section: info.section,
    target: info.target,
    body,
  };
}

/** A time of whole seconds may come from a clock that has nothing finer. */
function tickOf(time: number): number {
  return time % 1000 === 0 ? COARSE_TICK_MS : TICK_MS;
}

/** The references of one file in a task's answer. */
export function refsOf({ lengths, ids }: PackResult, from: number, count: number): Refs {
  return {
    count,
    lengths: lengths.subarray(from, from + count),
    ids: ids.subarray(from * ID_BYTES, (from + count) * ID_BYTES),
  };
}

/** Whether a file's facts are those of its row in the previous list, so that its content must be too. */
export function isUnchanged(entry: SourceEntry, row: ListRow): boolean {
  const { local } = entry;
  if (local === undefined || row.type !== "file" || entry.type !== "file") return false;
  const sameFile = row.ctimeMs === local.ctimeMs && row.inode === local.ino && row.inode !== 0;
  return sameFile && row.size === entry.size && row.mtimeMs === entry.mtimeMs;
}

/** Whether an entry's row would say what the one of the previous list says, whose content is the same. */
export function isSameRow(entry: SourceEntry, row: ListRow): boolean {
  return (
    entry.type === row.type &&
    (entry.mode & 0o7777) === row.mode &&
    entry.mtimeMs === row.mtimeMs &&
    entry.uid === row.uid &&
    entry.gid === row.gid &&
    entry.user === row.user &&
    entry.group === row.group &&
    entry.section === row.section &&
    entry.target === row.target &&
    entry.path === row.path &&
    (row.type === "file" || isSameLocal(entry.local, row))
  );
}

function isSameLocal(local: SourceEntry["local"], { ctimeMs, inode }: ListRow): boolean {
  return local === undefined ? inode === 0 && Number.isNaN(ctimeMs) : local.ino === inode && local.ctimeMs === ctimeMs;
}
