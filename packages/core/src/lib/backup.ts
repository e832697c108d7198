import type {
  AppInfo,
  BackupLabels,
  EntryCounts,
  FormatName,
  LifeboatError,
  Manifest,
  PartInfo,
  Problem,
  RunInfo,
  Trigger,
  VerificationResult,
} from "@lifeboat/contracts";

/** What verifications have found of a backup. By itself it is the result that counts. */
export interface BackupVerified extends VerificationResult {
  /**
   * The newest result, and before it those of more thorough levels, one of each at most. What counts is the newest that
   * found something wrong; it stays until the same level, or a more thorough one, finds nothing. Else the newest.
   */
  readonly results: readonly VerificationResult[];
}

/** What is known of every backup, also of one whose manifest can't be read. */
interface BackupIdentity {
  readonly id: string;
  /** The host's name for the site. */
  readonly site: string;
  /** When it began. */
  readonly time: Date;
  readonly trigger: Trigger;
  /** What verifications have found. Absent: it never was verified, or the result could not be kept with it. */
  readonly verified?: BackupVerified;
}

/** A backup, without reading its parts. */
export interface Backup extends BackupIdentity {
  /** `problems`: some entries could not be taken as they were. */
  readonly status: "complete" | "problems";
  /** "complete" or "complete with N problems". */
  readonly summary: string;
  readonly finished: Date;
  readonly label?: string;
  /** A preserved backup is never pruned. */
  readonly preserve: boolean;
  readonly format: FormatName;
  /** The application that made it. */
  readonly app: AppInfo;
  /** The installation that made it, and the plan it was made for. Absent in backups of versions that did not keep it. */
  readonly run?: RunInfo;
  /** One part a source. */
  readonly parts: readonly PartInfo[];
  readonly counts: EntryCounts;
  /** Bytes of content. */
  readonly size: number;
  /** Bytes in the storage. */
  readonly storedSize: number;
  readonly problemCount: number;
  /** The first problems, at most 1,000. */
  readonly problems: readonly Problem[];
}

/** A backup whose manifest or labels can't be read. */
export interface DamagedBackup extends BackupIdentity {
  readonly status: "damaged";
  /** What is wrong, in a sentence. */
  readonly summary: string;
  readonly error: LifeboatError;
}

/** What a list of backups holds. */
export type BackupListItem = Backup | DamagedBackup;

/** The result that counts, and all of them. */
export function describeVerified(results: readonly VerificationResult[]): { readonly verified?: BackupVerified } {
  const counts = results.find(({ ok }) => !ok) ?? results[0];
  return counts === undefined ? {} : { verified: { ...counts, results } };
}

/** Puts a backup together from its manifest, its labels and what verifications have found. */
export function describeBackup(
  site: string,
  manifest: Manifest,
  { label, preserve }: BackupLabels,
  results: readonly VerificationResult[] = [],
): Backup {
  const { id, started, finished, trigger, format, app, run, parts, problems } = manifest;
  const sum = (value: (part: PartInfo) => number) => parts.reduce((total, part) => total + value(part), 0);
  const problemCount = sum((part) => part.problemCount);
  return {
    status: problemCount === 0 ? "complete" : "problems",
    summary:
      problemCount === 0 ? "complete" : `complete with ${problemCount} ${problemCount === 1 ? "problem" : "problems"}`,
    id,
    site,
    time: started,
    trigger,
    finished,
    ...(label === undefined ? {} : { label }),
    preserve,
    ...describeVerified(results),
    format,
    app,
    ...(run === undefined ? {} : { run }),
    parts,
    counts: {
      files: sum((part) => part.counts.files),
      directories: sum((part) => part.counts.directories),
      links: sum((part) => part.counts.links),
    },
    size: sum((part) => part.size),
    storedSize: sum((part) => part.storedSize),
    problemCount,
    problems,
  };
}
