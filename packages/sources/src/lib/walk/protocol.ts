import type { EntryType, ProblemReport } from "@lifeboat/contracts";
import type { FilterOptions } from "../filter.ts";
import type { Table } from "../table.ts";

/** What a walk is started with. */
export interface WalkOptions {
  /** Absolute path of the tree. */
  readonly root: string;
  readonly filter: FilterOptions;
  readonly followLinks: boolean;
  readonly oneFileSystem: boolean;
  /** What to do about a chosen folder that is not there. `report` still fails where none is. */
  readonly missingFolder: "fail" | "report" | "ignore";
  /** Directories that are left out, by their identity: those that sites lie in. Default: none. */
  readonly avoid?: readonly string[] | undefined;
  /** The name of what is being done, for errors. */
  readonly operation: string;
}

/** A pull of the next entries, or the end of it all. */
export type WalkTask = "next" | "close";

/** Some of a walk's entries. */
export interface WalkBatch {
  readonly entries: Table;
  readonly problems: readonly ProblemReport[];
  /** The directories that were left out because they are to be avoided. */
  readonly avoided: readonly string[];
  readonly done: boolean;
}

/** Entry types by their number in a table. */
export const TYPES: readonly EntryType[] = ["file", "directory", "symlink", "hardlink"];

/** One entry as the walk found it. */
export interface Found {
  readonly type: EntryType;
  readonly path: string;
  readonly target: string;
  readonly section: string;
  /** Where the content lies, if not at the path: the end of a followed link. */
  readonly real: string;
  /** Whether it is wanted for itself, not only as a directory on the way to something. */
  readonly wanted: boolean;
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly dev: number;
  readonly ino: number;
  readonly uid: number;
  readonly gid: number;
}
