import type { ErrorCode, PruneReport } from "@lifeboat/contracts";
import type { KeepReason, RemoveReason, RetentionPolicy } from "@lifeboat/retention";
import type { Backup, DamagedBackup } from "../backup.ts";

/** A backup that retention keeps. */
export interface KeptByRetention {
  readonly backup: Backup;
  readonly reasons: readonly KeepReason[];
  /** The reasons as a line: `kept: weekly 2026-W47, latest`. */
  readonly text: string;
}

/** A backup that retention lets go. */
export interface RemovedByRetention {
  readonly backup: Backup;
  readonly reasons: readonly RemoveReason[];
  /** The reasons as a line: `removed: beyond the last 10`. */
  readonly text: string;
}

/** What a plan's retention would do. */
export interface RetentionPreview {
  readonly plan: string;
  readonly site: string;
  /** `null`: the plan has none, and nothing of it is ever removed. */
  readonly policy: RetentionPolicy | null;
  /** The plan's own backups that stay, newest first. */
  readonly keep: readonly KeptByRetention[];
  /** The plan's own backups that go, newest first. */
  readonly remove: readonly RemovedByRetention[];
  /** Backups of the site that are not this plan's, or not this installation's: they are left alone. */
  readonly others: number;
  /** Backups whose manifest can't be read, so that nobody knows whose they are: they are left alone. */
  readonly damaged: readonly DamagedBackup[];
  /** Bytes by which what stays exceeds the policy's `maxTotalSize`. */
  readonly excessBytes: number;
}

/** A backup that should have gone and is still there. */
export interface NotRemoved {
  readonly id: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What a prune of a plan has done. */
export interface PlanPruneReport {
  readonly plan: string;
  readonly site: string;
  /** What was removed, in that order: oldest first. */
  readonly removed: readonly RemovedByRetention[];
  /** What somebody was reading, or has preserved meanwhile: the next prune looks at it again. */
  readonly left: readonly NotRemoved[];
  /** How many backups of the plan stay, those that were left among them. */
  readonly kept: number;
  readonly excessBytes: number;
  /** What became of the room. Absent where a removed backup frees it at once, and where it was not tried to. */
  readonly freed?: PruneReport;
}
