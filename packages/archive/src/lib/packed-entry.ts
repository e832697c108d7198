import type { SourceEntry } from "@lifeboat/contracts";
import type { PackedEntry } from "./worker/tasks.ts";

const OPTIONAL = ["uid", "gid", "user", "group", "target", "section"] as const;

/** The facts of an entry that an archive keeps; whatever else the source put on it stays behind. */
export function packedEntry(entry: SourceEntry, size = entry.type === "file" ? (entry.size ?? 0) : 0): PackedEntry {
  const { path, type, mode, mtimeMs } = entry;
  const facts: Record<string, unknown> = { path, type, size, mode: mode & 0o7777, mtimeMs };
  for (const key of OPTIONAL) if (entry[key] !== undefined) facts[key] = entry[key];
  return facts as unknown as PackedEntry;
}
