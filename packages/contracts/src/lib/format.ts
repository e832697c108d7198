import type { BackupLabels, FormatName, Manifest, PartInfo, RunInfo, Trigger } from "./backup.ts";
import type { Clock } from "./clock.ts";
import type { EntryInfo, RestoredEntry, SourceEntry } from "./entry.ts";
import type { Json } from "./json.ts";
import type { PruneOptions, PrunePlan, PrunePlanOptions, PruneReport } from "./prune.ts";
import type { RepairOptions, RepairReport } from "./repair.ts";
import type { AppInfo, ProblemReport } from "./source.ts";
import type { AbortOptions, Storage } from "./storage.ts";
import type { SiteChecked, SiteCheckOptions, VerificationResult } from "./verify.ts";

/** The cipher of a site's sealed objects: 1 = AES-256-GCM, 2 = ChaCha20-Poly1305. */
export type CipherSuite = 1 | 2;

/** What opens a site's sealed objects. */
export interface SiteSecret {
  /** The site key, 32 bytes. */
  readonly key: Uint8Array;
  readonly suite: CipherSuite;
  /** The key slots in the bytes that a sealed object carries, so that it opens anywhere with a passphrase. */
  readonly keyBlock: Uint8Array;
}

/** What a format gets to work on a site. */
export interface SiteContext {
  /** The host's name for the site. */
  readonly name: string;
  /** From the site's descriptor. */
  readonly siteId: string;
  readonly storage: Storage;
  /** `null` where the site is not encrypted. */
  readonly secret: SiteSecret | null;
  /** Threads for the heavy work. 0 works on the calling thread. */
  readonly threads: number;
  /** What {@link Format.settings} answered when the site was made, out of its descriptor. */
  readonly settings?: Json | undefined;
  /** What waits or judges how old something is asks it. Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** How backups are laid out in a storage. */
export interface Format {
  readonly name: FormatName;
  /** What a new site keeps in its descriptor for ever, such as sizes that all of its backups share. Absent: nothing. */
  settings?(): Json;
  /** Does no I/O of its own. */
  open(site: SiteContext): Repository;
}

/** What a backup begins with. */
export interface BackupStart {
  readonly id: string;
  readonly trigger: Trigger;
  readonly started: Date;
  readonly app: AppInfo;
  readonly run?: RunInfo | undefined;
  /** Every source of the backup: with them in each part, a lost manifest can be made anew. */
  readonly sources: readonly string[];
}

/** What a part begins with. */
export interface PartStart {
  readonly source: string;
  readonly title?: string | undefined;
  readonly version?: string | undefined;
  readonly description: Readonly<Record<string, Json>>;
  readonly sections?: readonly string[] | undefined;
  readonly folders?: readonly string[] | undefined;
  readonly scope?: Readonly<Record<string, Json>> | null | undefined;
}

/** What a running part tells of itself. */
export interface PartOptions extends AbortOptions {
  /** Called now and then with how far it has come since it began. */
  readonly onProgress?: ((done: WorkDone) => void) | undefined;
  /** Called for each entry that could not be taken as it is. */
  readonly onProblem?: ((problem: ProblemReport) => void) | undefined;
}

/** An amount of work. */
export interface WorkDone {
  readonly entries: number;
  /** Bytes of content. */
  readonly bytes: number;
  /** Bytes written to, or read from, the storage. */
  readonly storedBytes: number;
}

/** What a verification of a backup has dealt with. */
export interface BackupChecked extends WorkDone {
  /** `false` where something is lost that backups share, and no mark tells of it, so that later ones rely on it. */
  readonly remembered?: boolean;
}

/** A backup being made. Nothing is listed before {@link commit}. */
export interface BackupWriter {
  /** Writes one source's part. Parts are written one after the other. */
  part(start: PartStart, entries: AsyncIterable<SourceEntry>, options?: PartOptions): Promise<PartInfo>;
  /** Writes the manifest, last: with it the backup exists. Once it was called, nothing is left running, even where it fails. */
  commit(manifest: Manifest, options?: AbortOptions): Promise<void>;
  /** Removes what was written so far; an abort of its own ends that too. */
  abort(options?: AbortOptions): Promise<void>;
}

/** How thoroughly to verify: does it exist, are the bytes those that were written, does all of it open and match. */
export type CheckLevel = "presence" | "checksum" | "content";

/** Something wrong with a backup. */
export interface VerifyProblem {
  readonly code: "NOT_FOUND" | "CORRUPT" | "WRONG_KEY" | "UNSUPPORTED" | "INCOMPATIBLE";
  readonly message: string;
  readonly source?: string;
  /** The object's key, relative to the backup's folder. */
  readonly object?: string;
  /** The entry, where one can be named. */
  readonly path?: string;
}

/** Options of {@link Repository.verify}. */
export interface CheckOptions extends AbortOptions {
  /** Only these sources. Default: all. */
  readonly sources?: readonly string[] | undefined;
  /** At level `presence`: only what these entries need, where a format can tell that apart. Default: all. */
  readonly select?: ((entry: EntryInfo) => boolean) | undefined;
  readonly onProgress?: ((done: WorkDone) => void) | undefined;
  readonly onProblem: (problem: VerifyProblem) => void;
}

/** Options of {@link Repository.read}. */
export interface ReadOptions extends AbortOptions {
  /** Which entries; asked once for each, in order. Default: all. A hard link's target is the reader's concern. */
  readonly select?: ((entry: EntryInfo) => boolean) | undefined;
  readonly onProgress?: ((done: WorkDone) => void) | undefined;
}

/** A part of a backup. */
export interface PartAddress {
  readonly id: string;
  readonly source: string;
}

/** Entries of a part, to be gone through as often as needed. */
export interface EntryListing {
  readonly entries: number;
  /** In the order they were backed up. */
  list(): AsyncIterable<EntryInfo>;
}

/** What may differ between two parts. */
export interface PartDiff {
  readonly before: EntryListing;
  readonly after: EntryListing;
}

/** A backup as a listing of the storage shows it. */
export interface ListedBackup {
  readonly id: string;
  /** Whether it has a manifest. Without one it is being made, was never finished, or has lost it. */
  readonly complete: boolean;
  /** Whether it has labels, so that nobody has to ask for those of all others. */
  readonly labelled: boolean;
  /**
   * Of the results of its verifications, as the storage shows them: others mean that it was verified again. Empty
   * where none are kept with it.
   */
  readonly verified: string;
  /** Of the manifest, as the storage shows it: another one means that it was written anew. Empty without a manifest. */
  readonly stamp: string;
  /**
   * Why a backup that has a manifest is not `complete` all the same: its run had been given up before it arrived.
   * - `void`: what it needs is gone; it is to be removed
   * - `not-now`: what it needs may go soon; it is left alone
   */
  readonly late?: "void" | "not-now" | undefined;
}

/** A site's backups, as a format lays them out. What the engine drives. */
export interface Repository extends AsyncDisposable {
  begin(start: BackupStart, options?: AbortOptions): Promise<BackupWriter>;
  /** Every backup's folder, whether or not it has a manifest, in no promised order. */
  list(options?: AbortOptions): AsyncIterable<ListedBackup>;
  /**
   * @throws NOT_FOUND, CORRUPT, WRONG_KEY
   */
  manifest(id: string, options?: AbortOptions): Promise<Manifest>;
  labels(id: string, options?: AbortOptions): Promise<BackupLabels>;
  setLabels(id: string, labels: BackupLabels, options?: AbortOptions): Promise<void>;
  /**
   * What verifications of the backup have found: the newest result, and before it those of more thorough levels, one
   * of each at most. Empty where none are kept with it.
   *
   * @throws CORRUPT, WRONG_KEY, UNSUPPORTED: losing them costs no more than verifying again
   */
  verifications(id: string, options?: AbortOptions): Promise<readonly VerificationResult[]>;
  /** Replaces them. */
  setVerifications(id: string, results: readonly VerificationResult[], options?: AbortOptions): Promise<void>;
  /** What is in a part, in the order it was backed up, without fetching the data. */
  entries(id: string, source: string, options?: AbortOptions): AsyncIterable<EntryInfo>;
  /** A part's entries with their content, in the order they were backed up. */
  read(id: string, source: string, options?: ReadOptions): AsyncIterable<RestoredEntry>;
  /** Tells what is wrong through `onProblem`; rejects only where it could not look. */
  verify(id: string, level: CheckLevel, options: CheckOptions): Promise<BackupChecked>;
  /**
   * Verifies all of the site, or a share of it: what backups have in common is read once, and every backup that
   * damage touches is named. Absent where backups have nothing in common: then they are verified one by one.
   * Tells what is wrong through `onProblem`; rejects only where it could not look.
   */
  verifyAll?(level: CheckLevel, options: SiteCheckOptions): Promise<SiteChecked>;
  /** Deletes backups, finished or not: the manifest first, so that a half-deleted one is never listed. */
  remove(ids: readonly string[], options?: AbortOptions): Promise<void>;
  /**
   * Makes a lost manifest anew from the metadata inside the parts, and writes it.
   *
   * @throws NOT_FOUND where a part that the backup had is absent; CORRUPT where one is damaged
   */
  rebuild(id: string, options?: AbortOptions): Promise<Manifest>;
  /**
   * Works out what pruning would do; absent where a deleted backup frees its room at once.
   *
   * @throws CORRUPT where a backup can't be read, so that nobody knows what it needs; LOCKED where a mark can't be read
   */
  planPrune?(options?: PrunePlanOptions): Promise<PrunePlan>;
  /**
   * Carries out a plan, and first what earlier prunes have left. The caller holds a lease of kind `prune`. It may be
   * stopped anywhere, and gone on with later.
   */
  prune?(plan: PrunePlan, options: PruneOptions): Promise<PruneReport>;
  /**
   * Mends what can be mended of what backups share, sees to it that the next backups mend more, and tells exactly what
   * each has lost. The caller holds a lease of kind `repair`.
   */
  repair?(options?: RepairOptions): Promise<RepairReport>;
  /**
   * The entries of two parts of this site that may differ: what it knows to be the same in everything, without
   * having to look at each entry, is left out of both. Absent where a format can't know that of many at a time.
   */
  diff?(before: PartAddress, after: PartAddress, options?: AbortOptions): Promise<PartDiff>;
}
