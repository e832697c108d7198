import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from "node:fs";
import {
  type EntryInfo,
  type ErrorCode,
  hasRawBytes,
  type LocalFile,
  type ProblemReport,
  pathToBytes,
} from "@lifeboat/contracts";

/** What reading a file came to. */
export interface FileRead {
  readonly bytes: Uint8Array;
  /** The file's facts as they were when it was read. */
  readonly entry: EntryInfo;
  readonly problem?: ProblemReport;
}

// Never through a link that took the file's place, nor waiting on a pipe that did.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a file that a source listed; the caller closes it. */
export function openLocal(local: Pick<LocalFile, "path">): number {
  return openSync(hasRawBytes(local.path) ? Buffer.from(pathToBytes(local.path)) : local.path, FLAGS);
}

/**
 * Reads a listed file whole. One that changed while it was read is read again,
 * and, where it keeps changing, kept with a problem.
 *
 * @param room gives a buffer of the length asked for; called again for a second attempt
 * @param growth how far a file that grew since it was listed is read beyond its listed size
 * @throws what the system throws where it cannot be opened or read
 */
export function readWhole(
  entry: EntryInfo,
  local: LocalFile,
  growth: number,
  room: (length: number) => Uint8Array,
): FileRead {
  const fd = openLocal(local);
  try {
    const bytes = readAll(fd, room(entry.size));
    const after = fstatSync(fd);
    if (bytes.length === entry.size && isSame(after, entry, local)) return { bytes, entry };
    return readAgain(fd, entry, after, growth, room);
  } finally {
    closeSync(fd);
  }
}

function readAgain(
  fd: number,
  entry: EntryInfo,
  before: Stats,
  growth: number,
  room: (length: number) => Uint8Array,
): FileRead {
  if (!before.isFile()) throw Object.assign(new Error("It is no longer a regular file."), { code: "ENOENT" });
  const size = Math.min(before.size, entry.size + growth);
  const bytes = readAll(fd, room(size));
  const after = fstatSync(fd);
  const fresh = { ...entry, size: bytes.length, mode: before.mode & 0o7777, mtimeMs: before.mtimeMs };
  const steady = before.size === bytes.length && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs;
  if (steady && after.size === bytes.length) return { bytes, entry: fresh };
  return { bytes, entry: fresh, problem: changedProblem(entry.path) };
}

/** What is said of a file that did not hold still. */
export function changedProblem(path: string): ProblemReport {
  return {
    path,
    code: "changed",
    message: "The file changed while it was read; what is stored may mix old and new content.",
  };
}

/** Whether a file is still the one, and as, the source listed it. */
function isSame(stat: Stats, entry: { size?: number; mtimeMs: number }, local: LocalFile): boolean {
  return (
    stat.size === entry.size &&
    stat.mtimeMs === entry.mtimeMs &&
    stat.ctimeMs === local.ctimeMs &&
    stat.ino === local.ino &&
    stat.dev === local.dev
  );
}

function readAll(fd: number, into: Uint8Array): Uint8Array {
  return into.subarray(0, readInto(fd, into, 0));
}

/** Fills `into` from the file at `position`; answers how many bytes there were. */
export function readInto(fd: number, into: Uint8Array, position: number): number {
  let filled = 0;
  while (filled < into.length) {
    const count = readSync(fd, into, filled, into.length - filled, position + filled);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  ENOTDIR: "NOT_FOUND",
  ELOOP: "NOT_FOUND", // a link took its place
  ESPIPE: "NOT_FOUND", // a pipe did
  EISDIR: "NOT_FOUND",
  ENXIO: "NOT_FOUND", // a socket did
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
};

/** What is said of a file that could not be read. */
export function unreadableProblem(path: string, error: unknown): ProblemReport {
  const errno = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const code = CODES[errno] ?? "SOURCE_FAILED";
  const reasons: Partial<Record<ErrorCode, string>> = {
    NOT_FOUND: "The file vanished, or something else took its place, before it could be read.",
    PERMISSION_DENIED: "The file may not be read by this process.",
  };
  return { path, code, message: reasons[code] ?? `The file could not be read (${errno || String(error)}).` };
}
