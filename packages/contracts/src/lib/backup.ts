import type { Json } from "./json.ts";
import type { AppInfo, Problem } from "./source.ts";

/** Why a backup was made. */
export type Trigger = "manual" | "scheduled" | "pre-update" | "pre-restore" | "guard" | "import";

/** How many of what a part holds. */
export interface EntryCounts {
  readonly files: number;
  readonly directories: number;
  readonly links: number;
}

/** One source's share of a backup. */
export interface PartInfo {
  readonly source: string;
  readonly title?: string;
  readonly version?: string;
  /** What the source's `describe` answered. */
  readonly description: Readonly<Record<string, Json>>;
  /** The sections it was made with, where the source has any. */
  readonly sections?: readonly string[];
  /** The folders it was limited to. */
  readonly folders?: readonly string[];
  /** What the source's `scope` answered; `null` where that was too long to keep. */
  readonly scope?: Readonly<Record<string, Json>> | null;
  readonly counts: EntryCounts;
  /** Bytes of content. */
  readonly size: number;
  /** Bytes in the storage. */
  readonly storedSize: number;
  /** The objects it lies in, with what each must be. */
  readonly objects: readonly StoredObject[];
  /** How many entries could not be taken as they were. */
  readonly problemCount: number;
}

/** An object of a backup, checkable by anyone with `sha256sum`. */
export interface StoredObject {
  /** The key, relative to the backup's folder. */
  readonly name: string;
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Who made a backup, and for which plan. */
export interface RunInfo {
  /** The installation that made it, by its own name. */
  readonly instance: string;
  /** The plan it was made for; absent where it was made without one. */
  readonly plan?: string;
  /** The time of the plan's schedule that it was made for; absent where somebody asked for it. */
  readonly due?: Date;
}

/** Everything that is known of a backup without reading its parts. */
export interface Manifest {
  readonly id: string;
  readonly siteId: string;
  readonly format: FormatName;
  readonly trigger: Trigger;
  readonly started: Date;
  readonly finished: Date;
  readonly app: AppInfo;
  /** Absent in backups of versions that did not keep it. */
  readonly run?: RunInfo;
  readonly parts: readonly PartInfo[];
  /** The first problems, at most 1,000; each part has the full count. */
  readonly problems: readonly Problem[];
  /** `true` where it was made anew from the parts: what the backup could not take is not known then. */
  readonly rebuilt?: boolean;
}

/** How a backup is laid out in a storage. */
export type FormatName = "archive" | "dedup" | "mirror";

/** What may change on a backup after it was made. */
export interface BackupLabels {
  readonly label?: string;
  /** A preserved backup is never pruned. */
  readonly preserve: boolean;
}
