import {
  type BackupWriter,
  LifeboatError,
  type PartInfo,
  type PartOptions,
  type PartStart,
  type ProblemReport,
} from "@lifeboat/contracts";
import type { OpenSite } from "../sites.ts";
import { copyEntries } from "./copy-entries.ts";
import { isCopyOfPart } from "./twin.ts";

/** One part's way into another backup. */
export interface CopyPartWork {
  /** Where the original is. */
  readonly site: OpenSite;
  readonly id: string;
  readonly original: PartInfo;
  readonly writer: BackupWriter;
  /** Runs what reads the original, and notes that it is damaged. */
  readonly reading: <T>(read: () => Promise<T>) => Promise<T>;
}

/**
 * Copies a part with all that is said of it. What a backup can live with as a problem, an entry that can't be
 * taken, is a failure of a copy.
 */
export async function copyPart(
  { site, id, original, writer, reading }: CopyPartWork,
  { signal, onProgress }: Pick<PartOptions, "signal" | "onProgress">,
): Promise<PartInfo> {
  const { source, problemCount } = original;
  const { entries, failure } = copyEntries({ site, id, source }, { signal });
  const stop = new AbortController();
  const onProblem = (problem: ProblemReport) => stop.abort(notTaken(source, problem));
  try {
    const part = await writer.part(startOf(original), entries, {
      signal: signal === undefined ? stop.signal : AbortSignal.any([signal, stop.signal]),
      onProgress,
      onProblem,
    });
    stop.signal.throwIfAborted();
    if (isCopyOfPart(original, part)) return { ...part, problemCount };
    return await reading(() => Promise.reject(incomplete(original, part)));
  } catch (error) {
    signal?.throwIfAborted();
    const failed = failure(); // a writer may have taken it for a problem of one entry
    if (failed === null) throw error;
    return reading(() => Promise.reject(failed.error));
  }
}

function startOf({ source, title, version, description, sections, folders, scope }: PartInfo): PartStart {
  return { source, title, version, description, sections, folders, scope };
}

function notTaken(source: string, { path, code, message }: ProblemReport): LifeboatError {
  return new LifeboatError({
    code: code === "changed" ? "CONFLICT" : code,
    operation: "copy",
    key: path ?? source,
    message: `An entry of "${source}" could not be copied: ${message}`,
  });
}

function incomplete(original: PartInfo, part: PartInfo): LifeboatError {
  const tell = ({ counts: { files, directories, links }, size }: PartInfo) =>
    `${files + directories + links} entries of ${size} bytes`;
  return new LifeboatError({
    code: "CORRUPT",
    operation: "copy",
    key: original.source,
    message: `The part "${original.source}" has ${tell(original)} by its manifest, and ${tell(part)} were found in it.`,
    hint: "Verify the backup that is copied.",
  });
}
