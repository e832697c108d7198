import type { ErrorCode, StorageSpace } from "@lifeboat/contracts";
import type { BackupListItem } from "../backup.ts";
import type { PlanStatus, RunRecord } from "../plans/plan-types.ts";

/** What is known of a plan. */
export interface PlanFacts {
  readonly status: PlanStatus;
  /** Its run records by this instance, oldest first. */
  readonly records: readonly RunRecord[];
}

/** Whether a site could be looked at. */
export type SiteAccess =
  | { readonly status: "reached" | "none" }
  | { readonly status: "away"; readonly cause: ErrorCode | "UNKNOWN"; readonly message: string };

/** What is known of a site. */
export interface SiteFacts {
  readonly site: string;
  readonly access: SiteAccess;
  /** Its backups, newest first, as far as they could be looked at. */
  readonly backups: readonly BackupListItem[];
  /** How many more there are. */
  readonly unread: number;
  readonly space?: StorageSpace | undefined;
  readonly plans: readonly PlanFacts[];
}

/** What the health of an engine is judged by. */
export interface HealthFacts {
  /** This installation's own name. */
  readonly instance: string;
  readonly rules: HealthRules;
  readonly sites: readonly SiteFacts[];
}

/** What counts as healthy. */
export interface HealthRules {
  readonly verifyWithinMs: number;
  /** Bytes; `null`: a share of the disk. */
  readonly minFree: number | null;
}
