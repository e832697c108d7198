import type { CheckLevel, SiteProblem, VerifyShare } from "@lifeboat/contracts";

/** What of a site is verified. */
export interface SiteVerifyOptions<Site extends string = string> {
  readonly site: Site;
  /** Absent: the site, with all of its backups. */
  readonly id?: undefined;
  /** Default: `content`. */
  readonly level?: CheckLevel | undefined;
  /** How much at a time, least recently verified first. Default: all of it. */
  readonly share?: VerifyShare | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What verifying a site found of one of its backups. */
export interface VerifiedBackup {
  readonly id: string;
  readonly ok: boolean;
  readonly problemCount: number;
}

/** What verifying a site, or a share of it, found. */
export interface SiteVerifyReport {
  readonly site: string;
  readonly level: CheckLevel;
  readonly share?: VerifyShare;
  /** Whether nothing is wrong with what was looked at. */
  readonly ok: boolean;
  /** Every backup that was gone through, and every one that something was found of. Of a share that may be none. */
  readonly backups: readonly VerifiedBackup[];
  /** The first problems, at most 10,000; `id` tells the backup, `path` the entry. */
  readonly problems: readonly SiteProblem[];
  readonly problemCount: number;
  /** Entries and bytes of content of the backups that were gone through. */
  readonly entries: number;
  readonly bytes: number;
  /** What was read from end to end: objects that backups share, or, where they share none, backups. */
  readonly verified: { readonly objects: number; readonly bytes: number };
  /** The same of all that there is. */
  readonly total: { readonly objects: number; readonly bytes: number };
  /** When what was verified longest ago was, this time counted; absent while some of it never was. */
  readonly oldest?: Date;
  readonly started: Date;
  readonly finished: Date;
}
