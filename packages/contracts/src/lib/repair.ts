import type { CheckLevel, VerifyProblem } from "./format.ts";
import type { AbortOptions } from "./storage.ts";

/** How a site is repaired. */
export interface RepairOptions extends AbortOptions {
  /**
   * How thoroughly packs are looked at: are they there, are they the bytes that were written, does all of each open.
   * Default: `content`, which reads all of the site.
   */
  readonly level?: CheckLevel | undefined;
  /**
   * Whether marks of prunes that can't be read are deleted. Only where surely no prune is under way anywhere, be it
   * asleep: what it has condemned nobody knows then. Default: `false`, they are reported.
   */
  readonly deleteMarks?: boolean | undefined;
  /** Called with packs dealt with, how many there are, and the bytes of those. */
  readonly onProgress?: ((packs: number, total: number, bytes: number) => void) | undefined;
}

/** An object that holds content of many backups, and is not as it should be. */
export interface BadPack {
  readonly id: string;
  readonly why: "missing" | "damaged";
  readonly message: string;
}

/** Something that a backup has lost. */
export interface RepairLoss extends VerifyProblem {
  /** The backup's. */
  readonly id: string;
}

/** What a repair has found and done. */
export interface RepairReport {
  /** Whether nothing is lost. */
  readonly ok: boolean;
  /** Index objects that could not be read, and were made anew. */
  readonly damagedIndexes: number;
  /** Packs that were in no readable index, and are in one now. */
  readonly indexedPacks: number;
  /** Packs that are not relied on any more: what was in them, backups store again. */
  readonly badPacks: readonly BadPack[];
  /** Marks that could not be read. */
  readonly unreadableMarks: number;
  /** How many backups were looked through. */
  readonly backups: number;
  /** What they have lost, entry by entry, the first 10,000. A backup of the same data brings most of it back. */
  readonly losses: readonly RepairLoss[];
  /** How many losses there are in all. */
  readonly lossCount: number;
}
