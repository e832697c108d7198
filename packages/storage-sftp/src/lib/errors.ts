import { type ErrorCode, isLifeboatError, LifeboatError } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import { Lost, Refusal, STATUS } from "./lost.ts";
import { type Room, roomAt } from "./requests.ts";

/** Carries an error of the caller's own body past {@link explain}: it is none of the storage's. */
export class BodyFailure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** What an operation is about, for messages. */
export interface Subject {
  readonly operation: string;
  readonly key?: string | undefined;
  /** The storage's name. */
  readonly storage: string;
  readonly username: string;
}

/** Anything that an operation throws as what its caller gets: the server's answers coded by cause, the rest as it is. */
export function explain(error: unknown, subject: Subject): unknown {
  if (error instanceof BodyFailure) return error.error;
  if (error instanceof Lost) return error.error;
  if (!(error instanceof Refusal) || isLifeboatError(error)) return error;
  const what = subject.key === undefined ? subject.operation : `${subject.operation} of ${JSON.stringify(subject.key)}`;
  const { code, says, hint } = meaningOf(error, subject);
  return new LifeboatError({
    code,
    operation: subject.operation,
    key: subject.key,
    message: `${what} failed on ${subject.storage}: ${says} (the server says: ${JSON.stringify(error.says)}).`,
    hint,
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly says: string;
  readonly hint: string;
}

/** Servers that pass the system's own words on, as rclone's does, say it in them. */
const FULL_WORDS = /no space left on device|disk quota exceeded/i;
const MAKE_ROOM = "Free some space on the server, delete old backups, or raise the quota of its user.";

function meaningOf({ status, says: words }: Refusal, { username }: Subject): Meaning {
  switch (status) {
    case STATUS.missing:
      return {
        code: "NOT_FOUND",
        says: "a file or folder that was there is gone",
        hint: "Check that the directory exists on the server, its disk is mounted, and nothing else deletes in it.",
      };
    case STATUS.denied:
      return {
        code: "PERMISSION_DENIED",
        says: `${username} may not do it`,
        hint: `Let ${username} own the directory on the server (chown), and see that it is not mounted or exported read-only.`,
      };
    case STATUS.badMessage:
      return {
        code: "INVALID",
        says: "the name or value is one that the server cannot hold",
        hint: "Use a key with shorter segments, or a storage directory with a shorter path.",
      };
    case STATUS.unsupported:
      return {
        code: "UNSUPPORTED",
        says: "the server cannot do it",
        hint: "Use a server such as OpenSSH's, and see that its configuration does not forbid the request.",
      };
    default:
      if (FULL_WORDS.test(words)) return { code: "NO_SPACE", says: "its disk or quota is full", hint: MAKE_ROOM };
      return {
        code: "UNREACHABLE",
        says: "the server refused without a reason",
        hint: "The server's log tells why; often its disk is full, failing or not mounted.",
      };
  }
}

/**
 * Finds out why a server that only says "Failure" would not write: whether its disk
 * is full. Answers the error that says so, or the one it was given.
 *
 * @param needed bytes that there should be room for
 */
export async function explainWriting(error: unknown, on: Connection, path: string, needed: number, subject: Subject) {
  if (!(error instanceof Refusal) || error.status !== STATUS.failure) return error;
  const room = await roomOrNull(on, path);
  if (room === null) return full(subject, "its disk or quota is full, most likely: it does not say why", error);
  if (room.free < Math.max(needed, 1)) return full(subject, `its disk is full (${room.free} bytes are left)`, error);
  if (room.files < 1) return full(subject, "its file system can hold no more files (no inodes are left)", error);
  return full(subject, "the disk has room, so a quota or a limit of file sizes is reached", error);
}

async function roomOrNull(on: Connection, path: string): Promise<Room | null> {
  try {
    return on.has("statvfs@openssh.com", "2") ? await roomAt(on, path) : null;
  } catch (error) {
    if (error instanceof Refusal) return null; // it says it could, but can't
    throw error;
  }
}

function full({ operation, key, storage }: Subject, says: string, { says: words }: Refusal): LifeboatError {
  return new LifeboatError({
    code: "NO_SPACE",
    operation,
    key,
    message: `${operation} of ${JSON.stringify(key)} failed on ${storage}: ${says} (the server says: ${JSON.stringify(words)}).`,
    hint: MAKE_ROOM,
  });
}

/** The error for a key that is proven absent. */
export function missing(key: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation,
    key,
    message: `Expected an object at ${JSON.stringify(key)}, found none.`,
  });
}

/** The error of a create-only put whose key is taken. */
export function taken(key: string): LifeboatError {
  return new LifeboatError({
    code: "ALREADY_EXISTS",
    operation: "storage.put",
    key,
    message: `Expected nothing at ${JSON.stringify(key)}, found an object.`,
  });
}

/** The error for a name on the way that is taken by something else. */
export function inTheWay(path: string, what: string, operation: string, key?: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    key,
    message: `Expected to find or make ${JSON.stringify(key ?? path)}, found ${what} at ${JSON.stringify(path)}.`,
    hint: "An SFTP storage cannot hold an object and, beneath the same name, other objects; links are never followed.",
  });
}
