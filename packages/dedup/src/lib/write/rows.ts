import type { EntryInfo, SourceEntry } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import { type Body, EMPTY_BODY, type Refs } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import type { PackResult } from "../worker/tasks.ts";

/** An entry's row. @param local where the file's own facts are, to be compared with the next time */
export function rowOf(info: EntryInfo, local: SourceEntry["local"], body: Body = EMPTY_BODY): ListRow {
  return {
    path: info.path,
    type: info.type,
    size: info.size,
    mode: info.mode,
    mtimeMs: info.mtimeMs,
    ctimeMs: local?.ctimeMs ?? Number.NaN,
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

/** The references of one file in a task's answer. */
export function refsOf({ lengths, ids }: PackResult, from: number, count: number): Refs {
  return {
    count,
    lengths: lengths.subarray(from, from + count),
    ids: ids.subarray(from * ID_BYTES, (from + count) * ID_BYTES),
  };
}
