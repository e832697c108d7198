import type { AbortOptions, Problem, RestoreChange, RestoreCheck, RestoreMode } from "@lifeboat/contracts";

/** What a restore is asked to be. */
export interface RestoreRequest<Site extends string = string, Name extends string = string> extends AbortOptions {
  readonly site: Site;
  readonly id: string;
  /**
   * Which sources, and of each all (`true`) or what patterns of entry paths match; a
   * pattern takes what is beneath a directory that it names. Default: all of the backup.
   */
  readonly select?: { readonly [Id in Name]?: true | readonly string[] } | undefined;
  /** Default: `merge` where every source goes to another place, else `replace`. */
  readonly mode?: RestoreMode | undefined;
  /** For some sources, another place than their own: an absolute directory. */
  readonly to?: { readonly [Id in Name]?: string } | undefined;
}

/** One source's share of a plan. */
export interface PlannedSource {
  readonly source: string;
  /** The directory it goes to; absent for its own place. */
  readonly to?: string;
  /** The patterns; absent for everything. */
  readonly select?: readonly string[];
  /** How many entries, and how many bytes of content, are restored. */
  readonly entries: number;
  readonly bytes: number;
}

/** What one entry's restore would do, and in which source. */
export interface PlannedChange extends RestoreChange {
  readonly source: string;
}

/** What a restore would do, by numbers and by the first of its changes. */
export interface PlannedChanges {
  readonly create: number;
  readonly replace: number;
  readonly unchanged: number;
  readonly remove: number;
  /** Bytes of content that would be written. */
  readonly bytes: number;
  /** The first 1,000 changes; unchanged entries are not among them. */
  readonly entries: readonly PlannedChange[];
  /** Whether there are more. */
  readonly truncated: boolean;
}

/**
 * What a restore would do, before anything is touched. Plain data: it can be
 * printed, shown to a person, and sent to a browser and back.
 */
export interface RestorePlan {
  readonly id: string;
  readonly site: string;
  readonly mode: RestoreMode;
  readonly sources: readonly PlannedSource[];
  /** What is wrong, and how bad. */
  readonly checks: readonly RestoreCheck[];
  readonly changes: PlannedChanges;
  /** Whether no check forbids it. */
  readonly ok: boolean;
  /** Stands for exactly this plan: `engine.restore(plan, { confirm: plan.token })`. */
  readonly token: string;
}

/** What was restored of one source. */
export interface RestoredSource {
  readonly source: string;
  readonly to?: string;
  /** Entries that the source took, unchanged ones among them. */
  readonly entries: number;
  /** Bytes of content of those that were not unchanged. */
  readonly bytes: number;
  readonly unchanged: number;
}

/** What a restore did. */
export interface RestoreReport {
  readonly id: string;
  readonly site: string;
  readonly mode: RestoreMode;
  readonly sources: readonly RestoredSource[];
  readonly entries: number;
  readonly bytes: number;
  /** What could not be restored as it was; the first 1,000. */
  readonly problems: readonly Problem[];
  readonly problemCount: number;
  /** The warnings that were known beforehand. */
  readonly checks: readonly RestoreCheck[];
  readonly started: Date;
  readonly finished: Date;
}
