import type { EntryType } from "@lifeboat/contracts";
import type { Body } from "./refs.ts";

/** What a list says of one entry. */
export interface ListRow {
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of content; 0 but for files. */
  readonly size: number;
  readonly mode: number;
  readonly mtimeMs: number;
  /** Milliseconds, NaN where there is none to compare with. */
  readonly ctimeMs: number;
  /** 0 where there is none to compare with. */
  readonly inode: number;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  readonly user: string | undefined;
  readonly group: string | undefined;
  readonly section: string | undefined;
  /** Of links. */
  readonly target: string | undefined;
  /** Of files; without references for what is not one. */
  readonly body: Body;
}

/** The types by their numbers. */
export const ENTRY_TYPES: readonly EntryType[] = ["file", "directory", "symlink", "hardlink"];
