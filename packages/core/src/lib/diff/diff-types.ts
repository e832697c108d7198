import type { AbortOptions, EntryInfo } from "@lifeboat/contracts";

/** Options of `engine.diff`. */
export interface DiffOptions extends AbortOptions {
  /** Only these sources. Default: all that either backup has. */
  readonly sources?: readonly string[] | undefined;
  /**
   * How the content of files is compared where their sizes are the same.
   * - `listed`: by what the backups' lists say. Where two lists have nothing in common that stands for content,
   *   files with the same modification time count as the same, others as changed
   * - `read`: where the lists do not tell, it is read and compared
   *
   * Default: `listed`.
   */
  readonly content?: "listed" | "read" | undefined;
  /** Whether permissions, owners, times and sections count, and not only what there is and what is in it. Default: `true`. */
  readonly metadata?: boolean | undefined;
  /** Whether entries that are the same are told one by one, too. Default: `false`. */
  readonly unchanged?: boolean | undefined;
}

/** What is not the same about an entry. */
export type EntryDifference = "type" | "content" | "target" | "mode" | "owner" | "time" | "section";

/** How the content of a file was compared: by what it is, or by its size and modification time alone. */
export type ContentEvidence = "content" | "size-and-time";

interface ComparedEntry {
  readonly source: string;
  readonly path: string;
}

interface EntryInBoth extends ComparedEntry {
  /** The entry in the first backup. */
  readonly before: EntryInfo;
  /** The entry in the second backup. */
  readonly after: EntryInfo;
  /** For files. */
  readonly evidence?: ContentEvidence;
}

/** What became of one entry between two backups. */
export type EntryChange =
  | (ComparedEntry & { readonly change: "created"; readonly after: EntryInfo })
  | (ComparedEntry & { readonly change: "removed"; readonly before: EntryInfo })
  | (EntryInBoth & { readonly change: "changed"; readonly differences: readonly EntryDifference[] })
  | (EntryInBoth & { readonly change: "unchanged" });

/** How many entries became what, and how many bytes of content they have. */
export interface DiffCounts {
  readonly created: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  /** Bytes of content of what was created. */
  readonly createdBytes: number;
  /** Bytes, as they are now, of what changed in content. */
  readonly changedBytes: number;
  readonly removedBytes: number;
  /** How many files were compared by size and modification time alone. */
  readonly bySizeAndTime: number;
}

/** What became of one source. */
export interface SourceDiff extends DiffCounts {
  readonly source: string;
  /** Which of the two backups have it. */
  readonly in: "both" | "first" | "second";
  /**
   * Whether the two were asked to hold the same of it: `false` where their folders, sections or patterns differ.
   * What is removed or created then need not be so at the source.
   */
  readonly sameScope: boolean;
}

/** What became of everything. */
export interface DiffSummary extends DiffCounts {
  readonly sources: readonly SourceDiff[];
  /** Whether nothing was created, changed or removed. */
  readonly same: boolean;
}

/**
 * The differences between two backups: what was created, changed and removed, source by source.
 * Each iteration compares anew, lazily; memory does not grow with the backups.
 *
 * Within a source the entries come in the order of their paths. The one exception: more than 50,000 of them
 * that the source did not list in that order come in several portions, each in the order of their paths.
 *
 * An iteration throws NOT_FOUND for an unknown site, backup or source; CORRUPT; WRONG_KEY; LOCKED where one of
 * the backups is being deleted; and what the storage throws.
 */
export interface BackupDiff extends AsyncIterable<EntryChange> {
  /** The numbers. After an iteration that went to its end they are known, before that everything is compared for them. */
  summary(): Promise<DiffSummary>;
}
