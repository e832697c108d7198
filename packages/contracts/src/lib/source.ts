import type { EntryInfo, RestoredEntry, SourceEntry } from "./entry.ts";
import type { ErrorCode } from "./errors.ts";
import type { Json } from "./json.ts";

/** The host application, as it names itself. */
export interface AppInfo {
  readonly name: string;
  readonly version: string;
}

/** Something that could not be backed up or restored as it was; the run goes on. */
export interface Problem {
  readonly source: string;
  /** The entry it is about; absent where it is about the source as a whole. */
  readonly path?: string;
  /** `changed`: the file changed while it was read, so what is stored may mix old and new. */
  readonly code: ErrorCode | "changed";
  readonly message: string;
}

/** What {@link Source} methods report. */
export type ProblemReport = Omit<Problem, "source">;

/** Which part of a source a backup takes. Absent members mean everything. */
export interface SourceSelection {
  /** Only these sub-folders (or files) of it, as entry paths. */
  readonly folders?: readonly string[] | undefined;
  /** Only these of its sections, by name. */
  readonly sections?: readonly string[] | undefined;
}

/** What a source gets to make a backup. */
export interface BackupContext extends SourceSelection {
  readonly app: AppInfo;
  readonly signal: AbortSignal;
  /**
   * Directories of this machine that the engine's sites lie in. A source that walks leaves them out, wherever
   * it meets them, by their identity and not by their path: they would be backups of the backups.
   */
  readonly sites?: readonly string[] | undefined;
  /** Records that something could not be taken as it is. */
  report(problem: ProblemReport): void;
  /** Tells the host what it should know, although nothing is amiss with the backup. `code` is stable: `site-left-out`. */
  warn?(code: string, message: string): void;
}

/**
 * What happens to what is there already.
 * - `replace`: afterwards the place holds exactly what was selected; anything else in it goes
 * - `merge`: entries of the backup overwrite, everything else stays
 * - `missing`: only what is absent is created
 */
export type RestoreMode = "replace" | "merge" | "missing";

/** Where and how a restore writes. */
export interface RestoreTarget {
  readonly mode: RestoreMode;
  /** Another place than the source's own: an absolute directory. */
  readonly to?: string | undefined;
  /** Whether only some entries are restored; `replace` then removes only beneath the selected ones. */
  readonly partial: boolean;
  /** The patterns that were selected, absent for everything. */
  readonly select?: readonly string[] | undefined;
  /** The folders that the backup itself was limited to: of what is elsewhere it knows nothing, so that stays. */
  readonly folders?: readonly string[] | undefined;
  /**
   * What {@link Source.scope} answered when the backup was made; `null` where it was
   * too long to keep. Nothing that lies outside of it is ever removed: of that the
   * backup knows nothing, however the source is set up today.
   */
  readonly scope?: Readonly<Record<string, Json>> | null | undefined;
  /**
   * The entries that the backup could not take, so that it does not know what they
   * held: `replace` leaves them, and what is beneath them, as they are. `true` where
   * there were too many to name: it then removes nothing.
   */
  readonly spare?: true | readonly string[] | undefined;
}

/** What a source gets to restore. */
export interface RestoreContext extends RestoreTarget {
  readonly app: AppInfo;
  readonly signal: AbortSignal;
  /** Whether what is restored would survive a power failure once `restore` resolves. `false` in drills. Default: `true`. */
  readonly durable?: boolean | undefined;
  /** Records that something could not be restored as it was (an owner that may not be set, say). */
  report(problem: ProblemReport): void;
}

/** What one entry's restore would do. */
export interface RestoreChange {
  readonly path: string;
  readonly action: "create" | "replace" | "unchanged" | "remove";
  /** Bytes that will be written. */
  readonly size: number;
}

/** One finding of the checks before a restore, or after a drill. */
export interface RestoreCheck {
  /** `error` forbids the restore, `warning` wants a look, `info` is for the record. */
  readonly level: "error" | "warning" | "info";
  /** A stable name to branch on: `free-space`, `app-version`. */
  readonly code: string;
  readonly message: string;
  readonly source?: string;
  readonly hint?: string;
}

/** What a source's own checks get to see of the backup. */
export interface RestoreCheckContext extends RestoreTarget {
  readonly app: AppInfo;
  readonly signal: AbortSignal;
  /** What {@link Source.describe} answered when the backup was made. */
  readonly description: Readonly<Record<string, Json>>;
  /** The source's `version` when the backup was made. */
  readonly version?: string | undefined;
  /** Bytes and entries that will be written. */
  readonly size: number;
  readonly entries: number;
}

/** Called around runs. What `before…` paused, `after…` resumes, whatever failed in between. */
export interface SourceHooks {
  beforeBackup?(): void | Promise<void>;
  afterBackup?(outcome: HookOutcome): void | Promise<void>;
  beforeRestore?(): void | Promise<void>;
  afterRestore?(outcome: HookOutcome): void | Promise<void>;
}

/** How the run went that a hook ends. */
export interface HookOutcome {
  readonly ok: boolean;
  readonly error?: unknown;
}

/**
 * Something the host wants backed up. It yields entries and takes entries back.
 *
 * An error thrown by `entries` or `restore` fails the run with `SOURCE_FAILED`;
 * what concerns a single entry is reported on the context instead.
 */
export interface Source {
  /** Short, stable, unique in the engine: `[a-z0-9][a-z0-9-]*`, at most 64 characters. Visible in the site. */
  readonly id: string;
  /** For people. Default: the id. */
  readonly title?: string;
  /** The version of the data's layout. */
  readonly version?: string;
  readonly hooks?: SourceHooks;
  /**
   * Whether it may have lost all of its entries since the last backup. Otherwise that fails
   * a backup: it is what a disk that is not mounted looks like. Default: `false`.
   */
  readonly mayBeEmpty?: boolean;
  /**
   * The directories of this machine that it takes from, as absolute paths: a test of a site
   * warns where they lie on the disk that the backups go to. Absent where it has none.
   */
  readonly localDirectories?: readonly string[] | undefined;
  /** The host's own columns, kept with the backup: camera model, release… */
  describe?(context: BackupContext): Promise<Readonly<Record<string, Json>>>;
  /**
   * What a backup takes, in the source's own words: its patterns, sections, lists. It is
   * kept with the backup, and comes back as {@link RestoreTarget.scope}. Up to 1 MiB of JSON is kept.
   */
  scope?(context: BackupContext): Promise<Readonly<Record<string, Json>>>;
  /** Everything to back up; a directory comes before what is in it, a hard link after its target. */
  entries(context: BackupContext): AsyncIterable<SourceEntry>;
  /** Takes entries back, in the order they were backed up. */
  restore(context: RestoreContext, entries: AsyncIterable<RestoredEntry>): Promise<void>;
  /**
   * What {@link restore} would do to what is there: one change for each entry, in
   * their order, and anywhere between them what would be removed. Reads only.
   * Absent: every entry counts as `replace`.
   */
  compare?(context: RestoreCheckContext, entries: AsyncIterable<EntryInfo>): AsyncIterable<RestoreChange>;
  /** The source's own conditions: "camera model differs", "not enough room". */
  check?(context: RestoreCheckContext): Promise<readonly RestoreCheck[]>;
  /** After a restore drill into `directory`: does the data make sense? */
  validate?(context: RestoreCheckContext, directory: string): Promise<readonly RestoreCheck[]>;
}
