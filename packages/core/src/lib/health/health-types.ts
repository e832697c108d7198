import type { AbortOptions, ErrorCode, StorageSpace, VerificationResult } from "@lifeboat/contracts";
import type { PlannedRun, PlanTask } from "../plans/plan-types.ts";

/** Options of `BackupEngine.health`. */
export interface HealthRequest<Site extends string = string> extends AbortOptions {
  /** Only this site. Default: all of them. */
  readonly site?: Site | undefined;
  /** So long it looks at each site, all at once; what it could not see by then, it says. Default: `"10s"`. */
  readonly within?: string | undefined;
}

/** What counts as healthy. */
export interface HealthOptions {
  /** How long ago the last verification may be that found nothing, at `checksum` or more thoroughly. Default: `"31d"`. */
  readonly verifyWithin?: string | undefined;
  /** How much room must be left on a site's disk: bytes, or a size such as `"50GB"`. Default: 5 % of it. */
  readonly minFree?: string | number | undefined;
}

/** What every reason tells. */
interface ReasonBase {
  readonly site: string;
  /** The plan that it is about; absent where it is about the site. */
  readonly plan?: string;
  /** The source that it is about; absent where it is about the plan or the site. */
  readonly source?: string;
  /** How many points it costs. */
  readonly points: number;
  /** One line for people. */
  readonly text: string;
}

/** Why points are lost. */
export type HealthReason =
  /** There is no backup: of a plan, of one of its sources, or, where it has no plan, of a site. */
  | (ReasonBase & { readonly code: "never-ran"; readonly due?: Date })
  /** The newest backup is older than it may be. */
  | (ReasonBase & {
      readonly code: "overdue";
      readonly last: Date;
      readonly ageMs: number;
      readonly staleAfterMs: number;
    })
  /** What a plan does fails, each time since it last succeeded. */
  | (ReasonBase & {
      readonly code: "failing";
      readonly task: PlanTask;
      readonly failures: number;
      /** When the first of them began. */
      readonly since: Date;
      /** Why the last one failed. */
      readonly cause?: ErrorCode;
      readonly message?: string;
    })
  /** Backups can't be read, or a verification has found them damaged. */
  | (ReasonBase & {
      readonly code: "corrupt";
      /** The newest ten of them, newest first; empty where a verification found damage that no backup shows. */
      readonly backups: readonly string[];
      readonly count: number;
      /** Whether the newest backup is among them. */
      readonly newest: boolean;
      /** When the first of them was found, as far as that is known; else when it was made. */
      readonly since: Date;
      readonly problem?: string;
    })
  /** Nobody has looked whether backups are whole, or not for long. */
  | (ReasonBase & { readonly code: "unverified"; readonly last?: Date; readonly verifyWithinMs: number })
  /** The newest backup could not take everything. */
  | (ReasonBase & { readonly code: "incomplete"; readonly backup: string; readonly problems: number })
  /** The site can't be looked at. */
  | (ReasonBase & { readonly code: "site-away"; readonly cause: ErrorCode | "UNKNOWN"; readonly message: string })
  | (ReasonBase & { readonly code: "disk-nearly-full"; readonly free: number; readonly total: number })
  /** Another instance makes backups under the same plan's name on the same site. */
  | (ReasonBase & { readonly code: "other-instance" });

/** A point in time of a backup. */
export interface HealthyBackup {
  readonly id: string;
  /** When it began: what it holds is as old as that. */
  readonly time: Date;
}

/** What is told of a site, a plan and a source alike. */
interface HealthBase {
  /** From 0 to 100: 100 less the points of `reasons`, never below 0. */
  readonly score: number;
  /** Why points are lost, the weightiest first. */
  readonly reasons: readonly HealthReason[];
  /** One line for people. */
  readonly summary: string;
  /** The newest backup that succeeded. */
  readonly lastSuccess?: HealthyBackup;
  /** The newest verification at `checksum` or more thoroughly that found nothing. */
  readonly lastVerified?: Pick<VerificationResult, "level" | "time">;
  /** When a restore drill last found nothing. */
  readonly lastDrill?: Date;
}

/** How a source of a plan is, on the plan's site. */
export interface SourceHealth extends HealthBase {
  readonly source: string;
}

/** How a plan is. */
export interface PlanHealth extends HealthBase {
  readonly plan: string;
  readonly site: string;
  /** Whether its newest backup is older than it may be, or there should be one and is none. */
  readonly overdue: boolean;
  /** The newest failure of any of its tasks, also where it has succeeded since. */
  readonly lastFailure?: {
    readonly task: PlanTask;
    readonly time: Date;
    readonly code?: ErrorCode;
    readonly message?: string;
  };
  /** `false`: the site could not be asked in time, so some of this is missing. */
  readonly known: boolean;
  /** The ids of its jobs that run in this engine now. */
  readonly running: readonly string[];
  /** What happens next by itself, of all its tasks. */
  readonly nextRun?: PlannedRun;
  readonly sources: readonly SourceHealth[];
}

/** How a site is. */
export interface SiteHealth extends HealthBase {
  readonly site: string;
  /** `none`: nothing was backed up to it yet. */
  readonly access: "reached" | "away" | "none";
  readonly backups: {
    readonly count: number;
    readonly damaged: number;
    /** Listed, but not looked at in the time that there was. */
    readonly unread: number;
    /** Bytes that they take in the storage, by their manifests. */
    readonly storedBytes: number;
  };
  /** Room in the storage, where it tells. */
  readonly space?: StorageSpace;
  readonly plans: readonly PlanHealth[];
}

/** How everything is. */
export interface HealthReport {
  readonly time: Date;
  /** The lowest score of a site; 100 where there is none. */
  readonly score: number;
  /** One line for people. */
  readonly summary: string;
  /** All reasons of all sites, the weightiest first. */
  readonly reasons: readonly HealthReason[];
  readonly sites: readonly SiteHealth[];
}
