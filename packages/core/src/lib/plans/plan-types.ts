import type { AbortOptions, ErrorCode, Job, Trigger } from "@lifeboat/contracts";
import type { PreviewOptions } from "../retention/preview-retention.ts";
import type { PlanPruneReport, RetentionPreview } from "../retention/retention-types.ts";
import type { VerifyLevel } from "../verify-run.ts";

/** What a plan does by itself. */
export type PlanTask = "backup" | "verify" | "drill" | "prune";

/** How a run ended. `cancelled`: somebody stopped it on purpose. */
export type RunOutcome = "succeeded" | "failed" | "cancelled";

/** What a run left no manifest of, as the site remembers it: a failed backup, a verification, a drill, a prune. */
export interface RunRecord {
  /** By which the site knows the record; it sorts by time. */
  readonly id: string;
  /** The installation that ran it. */
  readonly instance: string;
  readonly plan: string;
  readonly task: PlanTask;
  /** How thoroughly it verified. */
  readonly level?: VerifyLevel;
  /** The time of the schedule that it was for; absent where somebody asked for it. */
  readonly due?: Date;
  readonly started: Date;
  readonly finished: Date;
  readonly outcome: RunOutcome;
  /** Why it failed. A verification that found something wrong has CORRUPT, and is not tried again before its next time. */
  readonly code?: ErrorCode;
  readonly message?: string;
}

/**
 * Why something happens when it does:
 * - `schedule`: it is the schedule's time
 * - `first`: there is no backup of the plan yet
 * - `missed`: the schedule's last time went by without one, the machine was off or busy
 * - `retry`: the last attempt failed
 * - `waiting`: another run has the sources
 * - `site-away`: the site could not be looked at
 * - `held`: it comes after the next successful backup
 */
export type PlannedReason = "schedule" | "first" | "missed" | "retry" | "waiting" | "site-away" | "held";

/** What happens next. */
export interface PlannedRun {
  readonly task: PlanTask;
  /** Not before this; in the past where it is about to happen. */
  readonly at: Date;
  /** The time of the schedule that it is for. */
  readonly due?: Date;
  readonly reason: PlannedReason;
  /** In words: "retry 3 of the run due 2026-11-20 02:00, which failed with UNREACHABLE". */
  readonly text: string;
}

/** A plan as it was given, without asking its site. */
export interface PlanInfo<Plan extends string = string> {
  readonly name: Plan;
  readonly site: string;
  /** The ids of the sources that it would take now. */
  readonly sources: readonly string[];
  /** In words, absent where it only runs by hand: "0 2 * * * (Europe/Berlin)". */
  readonly schedule?: string;
  /** The schedule's next time by the clock alone, whatever the site holds. */
  readonly nextSlot?: Date;
  /** How old its newest backup may be, in milliseconds; absent where it only runs by hand and says nothing of it. */
  readonly staleAfterMs?: number;
}

/** A backup of a plan that succeeded. */
export interface PlanSuccess {
  /** The backup's id. */
  readonly id: string;
  readonly trigger: Trigger;
  readonly due?: Date;
  readonly started: Date;
  readonly finished: Date;
}

/** Something about a plan that somebody should look at. */
export interface PlanWarning {
  /** `other-instance`: the newest backup of a plan of this name was made by another instance. */
  readonly code: "other-instance" | "site-away";
  readonly message: string;
}

/** How a plan stands. */
export interface PlanStatus<Plan extends string = string> extends PlanInfo<Plan> {
  /** Whether the engine was started, so that it runs by itself. */
  readonly started: boolean;
  /** What happens by itself next, the soonest first. Empty where nothing does, or the engine was not started. */
  readonly next: readonly PlannedRun[];
  /** The ids of the jobs of the plan that run in this engine now. */
  readonly running: readonly string[];
  readonly lastSuccess?: PlanSuccess;
  /** The newest failure since, whatever the task. */
  readonly lastFailure?: RunRecord;
  /** Backups that failed since the last one that succeeded. */
  readonly failures: number;
  /** The newest record of each task but backups that succeeded. */
  readonly lastVerify?: RunRecord;
  readonly lastDrill?: RunRecord;
  readonly lastPrune?: RunRecord;
  readonly warnings: readonly PlanWarning[];
}

/** The plans of an engine. */
export interface PlanTools<Plan extends string = string> {
  /** Every plan, in the order they were given. Asks no site. */
  list(): readonly PlanInfo<Plan>[];
  /**
   * How a plan stands, out of its site. Where the site can't be looked at, it says so in `warnings` and tells what is
   * remembered.
   *
   * @throws NOT_FOUND where there is no such plan
   */
  status(name: Plan, options?: AbortOptions): Promise<PlanStatus<Plan>>;
  /**
   * What the plan's retention, or the one that is handed in, would keep and remove, and why. Touches nothing.
   *
   * @throws NOT_FOUND where there is no such plan; INVALID for a policy that can't be meant; UNSUPPORTED for a
   * `maxTotalSize` on a site whose backups share their content; and what opening the site throws
   */
  preview(name: Plan, options?: PreviewOptions): Promise<RetentionPreview>;
  /**
   * Removes what the plan's retention lets go, and frees the room where the format does not by itself.
   *
   * Rejects as {@link preview}; with PERMISSION_DENIED where the storage lets nothing be deleted; LOCKED where another
   * process of the installation is at it; and, once backups were removed, as `engine.prune`.
   */
  prune(name: Plan, options?: AbortOptions): Job<PlanPruneReport>;
}
