import { type ErrorCode, isLifeboatError, LifeboatError } from "@lifeboat/contracts";

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint?: string;
  readonly retryable?: boolean;
}

const REFUSED: Meaning = {
  code: "PERMISSION_DENIED",
  says: "this process may not do it",
  hint: "Let the user that runs this process own the directory, or give it the right to write there.",
};
const FULL: Meaning = {
  code: "NO_SPACE",
  says: "the disk is full",
  hint: "Free some space on the disk, delete old backups, or choose a larger disk.",
};
const NO_PLACE: Meaning = {
  code: "INVALID",
  says: "a name on the way is taken by something else: a file where a folder is needed, or the other way round",
  hint: "A local storage cannot hold an object and, beneath the same name, other objects. Choose another key.",
};
const DISK: Meaning = {
  code: "UNREACHABLE",
  says: "the disk or the server behind it does not answer",
  hint: "Check that the disk is plugged in and healthy (the system's log tells), or that its server is up.",
  retryable: true,
};
const BUSY: Meaning = {
  code: "UNREACHABLE",
  says: "the system is out of a resource",
  hint: "Raise the limit of open files or memory of this process, or do less at once.",
  retryable: true,
};
const LACKING: Meaning = {
  code: "UNSUPPORTED",
  says: "the file system cannot do it",
  hint: "Use a file system with POSIX names, such as ext4, XFS or Btrfs, all of it one file system.",
};

/** What each system error means to a caller: the one place where it is decided. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: { code: "NOT_FOUND", says: "there is nothing" },
  EEXIST: { code: "ALREADY_EXISTS", says: "something is there already" },
  EACCES: REFUSED,
  EPERM: REFUSED,
  EROFS: { ...REFUSED, says: "the disk is mounted read-only", hint: "Mount the disk for reading and writing." },
  ENOSPC: FULL,
  EDQUOT: { ...FULL, says: "the quota of this user is used up" },
  ENAMETOOLONG: {
    code: "INVALID",
    says: "the name is too long for the file system",
    hint: "Use a key whose segments have at most 255 bytes, or a storage directory with a shorter path.",
  },
  EISDIR: NO_PLACE,
  ENOTDIR: NO_PLACE,
  ENOTEMPTY: NO_PLACE,
  ELOOP: {
    code: "INVALID",
    says: "a symbolic link is in the way, and links are never followed",
    hint: "Replace the link by a directory, or give the place it points to as the storage's own path.",
  },
  EFBIG: {
    code: "UNSUPPORTED",
    says: "the file system cannot hold so large a file",
    hint: "Use a file system without such a limit (vfat ends at 4 GiB): ext4, XFS, Btrfs or exFAT.",
  },
  EXDEV: LACKING,
  EINVAL: LACKING,
  ENOSYS: LACKING,
  ENOTSUP: LACKING,
  EOPNOTSUPP: LACKING,
  EIO: DISK,
  ENXIO: DISK,
  ENODEV: DISK,
  ESTALE: DISK,
  ENOTCONN: DISK,
  EHOSTDOWN: DISK,
  EHOSTUNREACH: DISK,
  ENETUNREACH: DISK,
  ECONNRESET: DISK,
  EREMOTEIO: DISK,
  ETIMEDOUT: { ...DISK, code: "TIMEOUT", says: "the server behind the disk stayed silent" },
  EBUSY: { code: "LOCKED", says: "another program holds it", retryable: true },
  ETXTBSY: { code: "LOCKED", says: "another program holds it", retryable: true },
  EAGAIN: BUSY,
  EMFILE: BUSY,
  ENFILE: BUSY,
  ENOMEM: BUSY,
};

const UNKNOWN: Meaning = { code: "UNREACHABLE", says: "the system refused for a reason that has no name here" };

/** The system's name of an error (`ENOENT`), or `undefined` where it is not one of the system's. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Carries an error of the caller's own body past {@link explain}: it is none of the storage's. */
export class BodyFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/**
 * A system error as a LifeboatError, coded by cause; anything else, such as an
 * abort's reason or the error of a body, is handed back as it is.
 */
export function explain(error: unknown, operation: string, key?: string): unknown {
  if (error instanceof BodyFailure) return error.error;
  const errno = errnoOf(error);
  if (errno === undefined || isLifeboatError(error)) return error;
  const { code, says, hint, retryable } = MEANINGS[errno] ?? UNKNOWN;
  const what = key === undefined ? operation : `${operation} of ${JSON.stringify(key)}`;
  return new LifeboatError({
    code,
    operation,
    key,
    message: `${what} failed: ${says} (${errno}).`,
    hint,
    retryable,
    cause: error,
  });
}

/** Says that there is no object at a key. */
export function missing(key: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation,
    key,
    message: `Expected an object at ${JSON.stringify(key)}, found none.`,
  });
}
