import { invalid } from "./invalid.ts";
import type { RetentionBackup, RetentionOptions } from "./types.ts";

/** @throws INVALID for a backup that is there twice, or whose time or size is none */
export function checkBackups(backups: readonly RetentionBackup[]): void {
  const ids = new Set<string>();
  for (const { id, time, size } of backups) {
    if (ids.has(id)) throw invalid("backups", "backups with an id of their own each", id);
    ids.add(id);
    if (Number.isNaN(time.getTime())) throw invalid(`the time of ${id}`, "a moment", time);
    if (size !== undefined && !(size >= 0 && size < Infinity))
      throw invalid(`the size of ${id}`, "a number of bytes", size);
  }
}

/** @throws INVALID where there is no present moment */
export function checkOptions({ now }: RetentionOptions): void {
  if (Number.isNaN(now.getTime())) throw invalid("now", "a moment", now);
}
