import type { AbortOptions } from "./storage.ts";

/** What a prune does with one pack, the objects in which a format keeps content of many backups together. */
export interface PrunePack {
  readonly id: string;
  /** Bytes of the object. */
  readonly size: number;
  /** Bytes of it that backups need, and that no other pack holds. */
  readonly liveBytes: number;
  /** Bytes of it that nothing needs. */
  readonly deadBytes: number;
  /** `keep` it; let it go, for nothing needs it; or copy what is needed of it, and then let it go. */
  readonly action: "keep" | "delete" | "repack";
  /**
   * Why:
   * - `unused`: no backup needs anything of it
   * - `duplicate`: what backups need of it, other packs hold too
   * - `dead`: much of it is not needed
   * - `small`: there are many small ones
   * - `damaged`: it does not open as it should
   * - `used`: it is needed as it is
   * - `new`: a backup that is being made may need it
   */
  readonly why: "unused" | "duplicate" | "dead" | "small" | "damaged" | "used" | "new";
}

/** Numbers of a {@link PrunePlan}. */
export interface PruneTotals {
  /** Packs there are, and their bytes. */
  readonly packs: number;
  readonly bytes: number;
  /** Bytes in packs that no backup needs. */
  readonly deadBytes: number;
  /** Packs that go, repacked ones among them, and their bytes. */
  readonly goingPacks: number;
  readonly goingBytes: number;
  /** Packs that are repacked, and bytes that are copied for it. */
  readonly repackedPacks: number;
  readonly copiedBytes: number;
  /** Bytes by which the site becomes smaller. */
  readonly freedBytes: number;
}

/** Something that a prune found amiss. */
export interface PruneProblem {
  /** The backup it is about, where it is about one. */
  readonly id?: string;
  readonly source?: string;
  readonly message: string;
}

/** What a prune would do. Plain data, to be printed and agreed to. */
export interface PrunePlan {
  readonly siteId: string;
  /** Every pack that is not in an earlier prune's mark, those that go first. */
  readonly packs: readonly PrunePack[];
  readonly totals: PruneTotals;
  /** Packs that earlier prunes condemned and could not let go yet: they go first. */
  readonly condemned: number;
  /** Backups that lack something already: a repair or their next backup may bring it back. */
  readonly problems: readonly PruneProblem[];
}

/** What a plan is made by. */
export interface PrunePlanOptions extends AbortOptions {
  /** The share of the site's bytes that may stay although nothing needs them, from 0 to 1. Default: 0.05. */
  readonly maxUnused?: number | undefined;
  /** The most bytes that are copied to let half-empty packs go. Default: as many as it takes. */
  readonly maxRepackBytes?: number | undefined;
  /**
   * Packs that were written after this moment, by the storage's clock, stay as they are: a backup that is being made
   * will need them. That only spares work; what it needs is not lost without it. Default: none stay for that.
   */
  readonly keepSince?: Date | undefined;
  /**
   * Backups that can't be read, and that are given up: what only they need may go. Otherwise
   * the plan is refused with CORRUPT, which names them.
   */
  readonly giveUp?: readonly string[] | undefined;
}

/** How far a prune has come. */
export interface PruneProgress {
  readonly step: "planning" | "repacking" | "waiting" | "deleting";
  /** Packs dealt with in this step, and how many there are. */
  readonly packs: number;
  readonly totalPacks: number;
  /** Bytes dealt with in this step. */
  readonly bytes: number;
}

/** What a prune is carried out with. */
export interface PruneOptions extends AbortOptions {
  /**
   * The sessions of the site that may still rely on what goes, the caller's own left out. Those that have lapsed, or
   * whose process is gone, are fenced by it and left out too.
   */
  readonly sessions: () => Promise<readonly string[]>;
  /** How long to wait for sessions that were there when the packs were condemned, in milliseconds. Default: 10 minutes. */
  readonly waitMs?: number | undefined;
  readonly giveUp?: readonly string[] | undefined;
  readonly onProgress?: ((progress: PruneProgress) => void) | undefined;
}

/** What a prune has done. */
export interface PruneReport {
  readonly deletedPacks: number;
  /** Bytes of the packs that were deleted. */
  readonly deletedBytes: number;
  /** Bytes that were copied into new packs. */
  readonly copiedBytes: number;
  /** Packs that are condemned and still there: a later prune goes on with them. */
  readonly pendingPacks: number;
  /**
   * Why some are still there:
   * - `sessions`: backups that were running have not ended
   * - `refused`: the storage does not let them be deleted
   * - `needed`: backups that were just made need something of them, again and again
   */
  readonly pending?: "sessions" | "refused" | "needed" | undefined;
  /** Whether something that was to be repacked was not, for lack of room. */
  readonly lackedRoom: boolean;
  readonly problems: readonly PruneProblem[];
}
