import type { Trigger } from "@lifeboat/contracts";
import type { KeepReason, RemoveReason } from "./reasons.ts";

/** A source that a backup holds. */
export interface RetentionSource {
  readonly id: string;
  /** Whether all of it is in the backup: neither limited to some folders or sections, nor with problems. Default: `true`. */
  readonly whole?: boolean | undefined;
}

/** What retention looks at in a backup. */
export interface RetentionBackup {
  /** Of several that began at the same time, the one with the greater id counts as the newer. */
  readonly id: string;
  /** When it began. */
  readonly time: Date;
  readonly trigger: Trigger;
  /**
   * - `complete`: a backup, with or without problems
   * - `running`: it is being made: it stays, and counts for nothing
   * - `partial`: it was never finished; it goes at once
   * - `errored`: its run failed; it goes at once
   *
   * Default: `complete`.
   */
  readonly state?: "complete" | "running" | "partial" | "errored" | undefined;
  readonly sources: readonly RetentionSource[];
  /** A preserved backup stays. Default: `false`. */
  readonly preserve?: boolean | undefined;
  /** Bytes in the storage. Default: 0. */
  readonly size?: number | undefined;
  /** The ids of backups that this one can't be restored without. */
  readonly needs?: readonly string[] | undefined;
}

/** A count of backups or periods. 0 turns a rule off. */
export type RetentionCount = number | "unlimited";

/**
 * What becomes of backups with a certain trigger:
 * - `keep`: they stay, and don't count for the rules
 * - `policy`: the rules decide, and they count like scheduled ones
 * - a rule of their own: those stay that are younger than `keepFor`, by the clock, and the newest `keepLast` of them;
 *   all others go. They don't count for the other rules.
 */
export type TriggerRule =
  | "keep"
  | "policy"
  | { readonly keepFor?: string | undefined; readonly keepLast?: RetentionCount | undefined };

/**
 * Which backups stay. A backup stays if one rule keeps it; whatever else the rules say, these stay as well: the latest of
 * each source, preserved ones, those that another kept one needs, and those whose time is still to come.
 *
 * Counts are of periods that have a backup, and of each period the newest stays; while a count is not used up, the
 * oldest backup stays too. Days, weeks (ISO 8601: Monday to Sunday), months and years are those of the calendar in the given time zone.
 *
 * Durations are years, months, weeks, days and hours: `"1y2m3w4d5h"`; `m` are months.
 */
export interface RetentionPolicy {
  /** The newest so many. */
  readonly keepLast?: RetentionCount | undefined;
  /** The newest of each of the last so many hours that have a backup. */
  readonly keepHourly?: RetentionCount | undefined;
  /** The newest of each of the last so many days that have a backup. */
  readonly keepDaily?: RetentionCount | undefined;
  /** The newest of each of the last so many weeks that have a backup. */
  readonly keepWeekly?: RetentionCount | undefined;
  /** The newest of each of the last so many months that have a backup. */
  readonly keepMonthly?: RetentionCount | undefined;
  /** The newest of each of the last so many years that have a backup. */
  readonly keepYearly?: RetentionCount | undefined;
  /** All that are younger than this. */
  readonly keepWithin?: string | undefined;
  /** The newest of each hour, of those that are younger than this. */
  readonly keepWithinHourly?: string | undefined;
  /** The newest of each day, of those that are younger than this. */
  readonly keepWithinDaily?: string | undefined;
  /** The newest of each week, of those that are younger than this. */
  readonly keepWithinWeekly?: string | undefined;
  /** The newest of each month, of those that are younger than this. */
  readonly keepWithinMonthly?: string | undefined;
  /** The newest of each year, of those that are younger than this. */
  readonly keepWithinYearly?: string | undefined;
  /** What `keepWithin…` reckons back from: the newest backup that counts, or the present moment. Default: `latest`. */
  readonly keepWithinOf?: "latest" | "now" | undefined;
  /**
   * Rules by trigger. Default: `manual` and `import` are kept, `pre-update` and `pre-restore` for three weeks
   * (`{ keepFor: "3w" }`), and for the others the rules decide.
   */
  readonly triggers?: { readonly [T in Trigger]?: TriggerRule | undefined } | undefined;
  /**
   * The most that all together may take: a number of bytes, or `"500MB"`, `"1.5GiB"`. What exceeds it goes, the oldest
   * first, though a rule would keep it; what has to stay anyway stays.
   */
  readonly maxTotalSize?: number | string | undefined;
}

/** What retention can't know by itself. */
export interface RetentionOptions {
  /** The present moment. */
  readonly now: Date;
  /** By whose calendar: an IANA name such as `Europe/Berlin`, or `UTC`. */
  readonly timeZone: string;
  /** The sources that are still registered: of others the latest backup goes as the rules say. Default: every source. */
  readonly sources?: readonly string[] | undefined;
}

/** A backup that stays. */
export interface KeptBackup<B extends RetentionBackup = RetentionBackup> {
  readonly backup: B;
  /** All that keeps it. */
  readonly reasons: readonly KeepReason[];
}

/** A backup that goes. */
export interface RemovedBackup<B extends RetentionBackup = RetentionBackup> {
  readonly backup: B;
  /** Why each rule lets it go. */
  readonly reasons: readonly RemoveReason[];
}

/** What becomes of backups; both lists newest first. */
export interface RetentionResult<B extends RetentionBackup = RetentionBackup> {
  readonly keep: readonly KeptBackup<B>[];
  readonly remove: readonly RemovedBackup<B>[];
  /** Bytes by which what stays exceeds `maxTotalSize`; 0 where it does not, or where there is no such limit. */
  readonly excessBytes: number;
}
