import type { BackupListItem } from "../backup.ts";
import type { RunRecord } from "../plans/plan-types.ts";
import type { VerifyLevel } from "../verify-run.ts";

/** When something was last found whole. */
export interface LastVerified {
  readonly lastVerified?: { readonly level: VerifyLevel; readonly time: Date };
  readonly lastDrill?: Date;
}

/**
 * The newest verification and the newest drill that found nothing, by what is kept with backups and by run records:
 * of a share of a site that keeps everything once, no backup tells. `presence` says too little to count.
 */
export function lastVerified(backups: readonly BackupListItem[], records: readonly RunRecord[] = []): LastVerified {
  const good = looks(backups, records).filter(({ ok }) => ok);
  const newest = latest(good);
  const drill = latest(good.filter(({ level }) => level === "restore"));
  return {
    ...(newest === undefined ? {} : { lastVerified: { level: newest.level, time: newest.time } }),
    ...(drill === undefined ? {} : { lastDrill: drill.time }),
  };
}

/** When somebody last looked, whatever came of it. */
export function lastLooked(backups: readonly BackupListItem[], records: readonly RunRecord[]): Date | undefined {
  return latest(looks(backups, records))?.time;
}

interface Look {
  readonly level: VerifyLevel;
  readonly time: Date;
  readonly ok: boolean;
}

function looks(backups: readonly BackupListItem[], records: readonly RunRecord[]): readonly Look[] {
  const kept = backups.flatMap(({ verified }): readonly Look[] => verified?.results ?? []);
  const told = records.flatMap(({ task, level = "content", outcome, code, finished: time }): Look[] => {
    const ok = outcome === "succeeded";
    if ((task !== "verify" && task !== "drill") || (!ok && code !== "CORRUPT")) return [];
    return [{ level: task === "drill" ? "restore" : level, time, ok }];
  });
  return [...kept, ...told].filter(({ level }) => level !== "presence");
}

function latest<T extends { readonly time: Date }>(all: readonly T[]): T | undefined {
  return all.reduce<T | undefined>(
    (best, each) => (best === undefined || each.time > best.time ? each : best),
    undefined,
  );
}

/** Whether a backup can't be read, or was found damaged and not whole since. */
export function isCorrupt({ status, verified }: BackupListItem): boolean {
  return status === "damaged" || verified?.ok === false;
}
