import type { LifeboatError } from "@lifeboat/contracts";
import type { Backup } from "../backup.ts";

/** Options of `engine.copy`. */
export interface CopyOptions<Site extends string = string> {
  /** The site that is read; nothing is changed there. */
  readonly from: Site;
  /** The site that is written to, in whatever format. It is made if there is none yet. */
  readonly to: Site;
  /** Which backups. Default: all. Those that are there already are passed over. */
  readonly ids?: readonly string[] | undefined;
  /**
   * What is looked at after a backup was copied, before it counts.
   * - `list`: the list of the copy says of every entry what that of the original says
   * - `content`: what the lists can't tell of the files' content is read back from the copy and compared
   *
   * Whatever is read from the original is checked on the way in either case. Default: `list`.
   */
  readonly verify?: "list" | "content" | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What became of one backup. */
export type CopiedBackup =
  /** It was copied; `backup` is the copy, which has another id where that of the original was not free. */
  | { readonly status: "copied"; readonly id: string; readonly backup: Backup }
  /** It was there already, as `copy`. */
  | { readonly status: "present"; readonly id: string; readonly copy: string }
  /** The original can't be read. */
  | { readonly status: "damaged"; readonly id: string; readonly error: LifeboatError };

/** What a copy did. */
export interface CopyReport {
  readonly from: string;
  readonly to: string;
  /** Whether all that was to be copied is there now. */
  readonly ok: boolean;
  /** Every backup that was looked at, oldest first. */
  readonly backups: readonly CopiedBackup[];
  /** Entries of the backups that were copied. */
  readonly entries: number;
  /** Bytes of content of the backups that were copied. */
  readonly bytes: number;
  /** Bytes that this added to the site. */
  readonly storedBytes: number;
  readonly started: Date;
  readonly finished: Date;
}
