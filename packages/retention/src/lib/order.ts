import type { RetentionBackup } from "./types.ts";

/** Newest first; of one time, the greater id first. */
export function newestFirst(a: RetentionBackup, b: RetentionBackup): number {
  return b.time.getTime() - a.time.getTime() || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** Whether it is a backup, and not a run that failed or has yet to end. */
export function isComplete({ state }: RetentionBackup): boolean {
  return state === undefined || state === "complete";
}
