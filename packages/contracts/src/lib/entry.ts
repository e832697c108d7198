import type { AbortOptions, BodyOptions } from "./storage.ts";

/** What an entry is. */
export type EntryType = "file" | "directory" | "symlink" | "hardlink";

/** One file, directory or link, without its content. */
export interface EntryInfo {
  /**
   * Relative to the source, `/`-separated, by the rules of `entryPathProblem`;
   * bytes that are not UTF-8 are escaped as `pathFromBytes` does.
   */
  readonly path: string;
  readonly type: EntryType;
  /** Bytes of content; 0 for what is not a file. */
  readonly size: number;
  /** Permission bits, `0o0000`–`0o7777`. */
  readonly mode: number;
  /** Modification time in milliseconds since 1970, possibly negative or fractional. */
  readonly mtimeMs: number;
  readonly uid?: number;
  readonly gid?: number;
  /** The owner's name, where the machine that was backed up knew it. */
  readonly user?: string;
  readonly group?: string;
  /** Symlink: its text, escaped as paths are. Hard link: the path of the entry whose content it shares. */
  readonly target?: string;
  /** The section of the source that it belongs to. */
  readonly section?: string;
  /** SHA-256 of the content, lower-case hex; for files in formats that keep it. */
  readonly sha256?: string;
  /** What else tells the content of a file from others; in formats that keep no SHA-256 of it. */
  readonly content?: ContentIdentity;
}

/** Tells a file's content from others without the backup's data being read. */
export interface ContentIdentity {
  /** Whether an entry with the other identity has the same content; `null` where that can't be told from here. */
  equals(other: ContentIdentity): boolean | null;
  /** Whether exactly these bytes are the content. They are read only as far as they are. */
  matches(bytes: AsyncIterable<Uint8Array>, options?: AbortOptions): Promise<boolean>;
  /**
   * Whether a regular file of this machine has the content. It is read in a thread, never through a link in its last
   * segment; one that can't be read has it not.
   *
   * @param path absolute, escaped as entry paths are
   */
  matchesFile?(path: string, options?: AbortOptions): Promise<boolean>;
}

/**
 * A regular file on this machine whose bytes are an entry's body. It lets worker
 * threads read it, so that the bytes never pass through the host's event loop.
 */
export interface LocalFile {
  /** Absolute path, escaped as entry paths are. */
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  /** Status change time in milliseconds since 1970: with size and mtime it tells whether the file changed. */
  readonly ctimeMs: number;
}

/** An entry on its way into a backup. */
export interface SourceEntry extends Omit<EntryInfo, "size" | "sha256" | "content"> {
  /** Bytes of content; absent where it is only known at the end (the output of a program). */
  readonly size?: number;
  /** The content, opened when it is needed and read once; only files have one. */
  open?(options?: AbortOptions): AsyncIterable<Uint8Array>;
  /** Where the same content lies as a local file. */
  readonly local?: LocalFile;
}

/** A new, empty file of this machine that content is written to. */
export interface TargetFile {
  /** Open for writing. */
  readonly fd: number;
  /** The same file, open for writing past the page cache (`O_DIRECT`): for memory, places and lengths that begin with a page. */
  readonly directFd?: number | undefined;
}

/**
 * An entry on its way out of a backup. The reader takes its content, or leaves it,
 * before it pulls the next one.
 */
export interface RestoredEntry extends EntryInfo {
  /**
   * `true` where the source's own comparison found it to be there already, as it was
   * backed up: it counts as restored, but need not be written. Its content can be opened all the same.
   */
  readonly unchanged?: boolean;
  /**
   * Copies the content to the beginning of `target`, as much of it as fits there, and
   * answers how many bytes it has: `size`, from an honest format. Absent where the
   * content is not at hand; it is for small files.
   *
   * @throws CORRUPT where it is not what was backed up; INVALID once the next entry has been pulled
   */
  readonly copyTo?: (target: Uint8Array) => number;
  /**
   * Writes the content to a file, in any order and from several threads, without it passing through the event loop;
   * stretches of zeros may be left out. It settles only when nothing writes any more: the file is not to be closed
   * before. Instead of `open`; absent where the content is small, or has to pass through here.
   *
   * @throws CORRUPT where it is not what was backed up; INVALID once the next entry has been pulled; the system's error
   *   where the file can't be written (`ENOSPC`, …)
   */
  readonly writeTo?: (file: TargetFile, options?: AbortOptions) => Promise<void>;
  /**
   * The content; for a file only, and read once. The pieces are the reader's, but for
   * `reuse`. It ends normally only after all of it was checked.
   *
   * @throws CORRUPT where it is not what was backed up; INVALID once the next entry has been pulled
   */
  open(options?: BodyOptions): AsyncIterable<Uint8Array>;
}
