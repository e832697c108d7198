import type { ContentIdentity, EntryInfo } from "@lifeboat/contracts";
import type { Body } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";

/** What stands for a body's content. */
export type Identify = (body: Body) => ContentIdentity;

/** A row as an entry, without its content. */
export function entryOf(row: ListRow, identify?: Identify): EntryInfo {
  const { path, type, size, mode, mtimeMs, uid, gid, user, group, section, target } = row;
  const entry: { -readonly [K in keyof EntryInfo]: EntryInfo[K] } = { path, type, size, mode, mtimeMs };
  if (uid !== undefined) entry.uid = uid;
  if (gid !== undefined) entry.gid = gid;
  if (user !== undefined) entry.user = user;
  if (group !== undefined) entry.group = group;
  if (section !== undefined) entry.section = section;
  if (target !== undefined) entry.target = target;
  if (type === "file" && identify !== undefined) entry.content = identify(row.body);
  return entry;
}
