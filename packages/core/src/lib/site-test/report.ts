import type { StorageSpace } from "@lifeboat/contracts";

/**
 * What a test of a site does, in this order.
 * - `reach`: connects, logs in, asks for one object
 * - `site`: looks which site lies there, and whether the key opens it
 * - `rights`: asks to delete what is not there, to learn what may be deleted
 * - `write`, `read`, `list`, `copy`: a small object
 * - `create`: creates what is there already, which must be refused
 * - `clock`: compares this machine's clock with the storage's
 * - `delete`: deletes all of it, and what tests that were killed have left
 * - `measure`: writes, reads and deletes some MiB
 * - `space`: asks for the room that is left
 * - `disk`: compares the storage's disk with those of the sources
 */
export type SiteTestStepName =
  | "reach"
  | "site"
  | "rights"
  | "write"
  | "read"
  | "list"
  | "copy"
  | "create"
  | "clock"
  | "delete"
  | "measure"
  | "space"
  | "disk";

/** How one step went. */
export interface SiteTestStep {
  readonly name: SiteTestStepName;
  /** `failed`: there is a finding that says why. */
  readonly status: "passed" | "failed" | "skipped";
  /** What happened, or why it was skipped, in a sentence. */
  readonly message: string;
  readonly durationMs: number;
}

/** One thing to know about a site. */
export interface SiteFinding {
  /** `error`: backups can't be made, or not be read back; `warning` wants a look; `info` is for the record. */
  readonly level: "error" | "warning" | "info";
  /** A stable name to branch on: `list-denied`, `wrong-region`, `same-disk`. The guide lists them. */
  readonly code: string;
  /** What is wrong, with the right or setting that is missing. Never holds a secret. */
  readonly message: string;
  /** What to do now. */
  readonly hint?: string;
  readonly step: SiteTestStepName;
}

/** What was measured; absent where it could not be. */
export interface SiteMeasurements {
  /** Milliseconds from a small question to its answer: the median of some. */
  readonly latencyMs?: number;
  readonly writeBytesPerSecond?: number;
  readonly readBytesPerSecond?: number;
  /** How far the storage's clock is ahead of this machine's, in milliseconds; negative where it is behind. Good to a second. */
  readonly clockDifferenceMs?: number;
  readonly space?: StorageSpace;
}

/** What a test of a site found out: plain data, to be shown or sent. */
export interface SiteTestReport {
  readonly site: string;
  /** The storage's name. */
  readonly storage: string;
  /** Whether no finding is an `error`. */
  readonly ok: boolean;
  readonly started: Date;
  readonly durationMs: number;
  readonly steps: readonly SiteTestStep[];
  /** Errors first, then warnings, then the rest. */
  readonly findings: readonly SiteFinding[];
  readonly measured: SiteMeasurements;
}
