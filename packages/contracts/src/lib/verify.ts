import type { CheckLevel, VerifyProblem } from "./format.ts";
import type { AbortOptions } from "./storage.ts";

/**
 * How much of a site is verified at a time, always what was least recently verified first:
 * - `percent` of its bytes, above 0 and at most 100
 * - `bytes`, rounded up to whole objects
 * - `minutes`: what can be done in that time; what is begun by then is ended
 */
export type VerifyShare = { readonly percent: number } | { readonly bytes: number } | { readonly minutes: number };

/** What a verification of a backup came to, as it is remembered with the backup. */
export interface VerificationResult {
  /** `restore`: a drill; the backup was restored into a temporary directory, and its sources looked at it. */
  readonly level: CheckLevel | "restore";
  /** When it ended, by the clock of the host that verified. */
  readonly time: Date;
  /** Whether nothing was wrong. */
  readonly ok: boolean;
  /** How many problems there were. */
  readonly problems: number;
  /** The first of them, in a sentence; at most 500 characters. */
  readonly problem?: string;
}

/** Something wrong in a site. */
export interface SiteProblem extends VerifyProblem {
  /** The backup that it touches. Absent: an object that backups share; `object` is then its key in the site. */
  readonly id?: string;
}

/** How far the verification of a site has come. */
export interface SiteCheckProgress {
  /** Entries of lists gone through. */
  readonly entries: number;
  /** Bytes of objects dealt with, and how many there will be. */
  readonly bytes: number;
  readonly totalBytes: number;
}

/** Options of {@link Repository.verifyAll}. */
export interface SiteCheckOptions extends AbortOptions {
  /** How much. Default: all of it. */
  readonly share?: VerifyShare | undefined;
  readonly onProgress?: ((progress: SiteCheckProgress) => void) | undefined;
  readonly onProblem: (problem: SiteProblem) => void;
}

/** How much of a site a verification has dealt with. */
export interface SiteChecked {
  /** The backups whose lists were gone through; of a share, only where something shared was found damaged. */
  readonly backups: readonly string[];
  /** Entries and bytes of content of those backups, what several share counted in each. */
  readonly entries: number;
  readonly contentBytes: number;
  /** Objects that were read from end to end, and their bytes. */
  readonly objects: number;
  readonly bytes: number;
  /** How many there are, whether read or not. */
  readonly totalObjects: number;
  readonly totalBytes: number;
  /** When the one that was verified longest ago was; absent where some never were. In milliseconds since 1970, by the storage. */
  readonly oldest?: number | undefined;
  /** Whether the site remembers what was verified; `false` where it could not be written. */
  readonly remembered: boolean;
}
