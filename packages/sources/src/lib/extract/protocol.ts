import type { ProblemReport, RestoreMode } from "@lifeboat/contracts";
import type { Table } from "../table.ts";

/** What a writer is started with. */
export interface WriterOptions {
  /** The absolute path of the directory that is written to; it exists. */
  readonly root: string;
  /** Whether it is a new directory that nobody sees yet: then nothing in it needs a temporary name. */
  readonly fresh: boolean;
  readonly mode: RestoreMode;
  readonly operation: string;
}

/** What is set on an entry besides its content. Owners are -1 where they are left as they are. */
export interface Dress {
  readonly mode: number;
  readonly mtimeMs: number;
  readonly uid: number;
  readonly gid: number;
}

/** What a row of a batch makes. */
export const MAKE = {
  file: 0,
  directory: 1,
  symlink: 2,
  hardlink: 3,
  dress: 4,
  remove: 5,
  removeDirectory: 6,
} as const;

/** What a writer does next. */
export type WriteTask =
  | { readonly kind: "batch"; readonly table: Table; readonly data: ArrayBuffer }
  | { readonly kind: "begin"; readonly path: string }
  | { readonly kind: "end"; readonly path: string; readonly size: number; readonly dress: Dress }
  | { readonly kind: "clear" }
  | { readonly kind: "close" }
  | { readonly kind: "discard" }
  | { readonly kind: "sync"; readonly root: string; readonly sinceMs: number }
  | { readonly kind: "erase"; readonly parent: string; readonly name: string };

/** What came of it. */
export interface WriteResult {
  /** The batch's buffer, to be filled again. */
  readonly data?: ArrayBuffer;
  /** The descriptor to write the begun file's content to; -1 where the entry is left alone. */
  readonly fd?: number;
  readonly problems: readonly WriteProblem[];
}

/** A problem, or that a directory was there and stays as it is. */
export type WriteProblem = ProblemReport & { readonly kind: "dress" | "kept" };
