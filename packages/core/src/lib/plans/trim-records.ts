import type { RunRecord } from "./plan-types.ts";

/** So many records of a site stay, whoever wrote them. */
export const KEPT_RECORDS = 100;

/**
 * The ids of the records that are old: all but the newest 100, and but the newest of each plan, instance, task, level
 * and outcome, so that the last failure and the last verification are known however long ago they were.
 */
export function recordsToTrim(records: readonly RunRecord[]): readonly string[] {
  const newestFirst = [...records].sort((a, b) => (a.id < b.id ? 1 : -1));
  const seen = new Set<string>();
  return newestFirst
    .filter(({ instance, plan, task, level, outcome }, n) => {
      const kind = JSON.stringify([instance, plan, task, level, outcome]);
      const isNewest = !seen.has(kind);
      seen.add(kind);
      return n >= KEPT_RECORDS && !isNewest;
    })
    .map(({ id }) => id);
}
