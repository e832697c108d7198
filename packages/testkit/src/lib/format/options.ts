import type { Format, SiteSecret, Storage } from "@lifeboat/contracts";

/** Options of {@link formatSuite}. */
export interface FormatSuiteOptions {
  readonly format: Format;
  /** Makes an empty storage that lists at once what was put, such as `memoryStorage()`. */
  readonly createStorage: () => Storage;
  /** What the encrypted variant is sealed with; without it only the plain one is tested. */
  readonly secret?: SiteSecret;
  /** Threads for the format's work. Default: 0, the calling thread. */
  readonly threads?: number;
  /** The size of the largest entries, in bytes: more than the format puts into one piece. Default: 9 MiB. */
  readonly largeBytes?: number;
  /** What of the entry list may be read where only the list is asked for, in bytes. Default: 4 MiB. */
  readonly listBytes?: number;
  /**
   * Where the format keeps what backups share, as prefixes of keys: it stays when a backup fails or is removed, and
   * is somebody else's to clear away. Default: nothing is shared.
   */
  readonly shared?: readonly string[];
  /** Milliseconds for one test. Default: 60,000. */
  readonly timeout?: number;
}
