import type { BackupListItem } from "../../../src/index.ts";

/** What was made for one slot of a plan. */
export interface Slot {
  readonly due: number;
  readonly backups: readonly string[];
  /** Whether something was under way at that moment: then there may be none. */
  readonly busy: boolean;
}

/** What a site has for each slot of a plan that came every so many milliseconds, from its first scheduled backup to its last. */
export function slotsOf(backups: readonly BackupListItem[], plan: string, everyMs: number): readonly Slot[] {
  const own = backups.flatMap((backup) => {
    if (backup.status === "damaged") throw backup.error;
    const { id, run, time, finished } = backup;
    if (run?.plan !== plan || run.due === undefined) return [];
    return [{ id, due: run.due.getTime(), from: time.getTime(), to: finished.getTime() }];
  });
  const dues = own.map(({ due }) => due).sort((a, b) => a - b);
  const slots: Slot[] = [];
  for (let due = dues[0] ?? 0; due <= (dues.at(-1) ?? -1); due += everyMs) {
    const made = own.filter((backup) => backup.due === due).map(({ id }) => id);
    slots.push({ due, backups: made, busy: own.some(({ from, to }) => from < due && due <= to) });
  }
  return slots;
}
