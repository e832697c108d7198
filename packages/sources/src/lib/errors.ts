import { type ErrorCode, isLifeboatError, LifeboatError } from "@lifeboat/contracts";

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOENT: "NOT_FOUND",
  ENOTDIR: "NOT_FOUND",
  EEXIST: "ALREADY_EXISTS",
  EACCES: "PERMISSION_DENIED",
  EPERM: "PERMISSION_DENIED",
  EROFS: "PERMISSION_DENIED",
  ENOSPC: "NO_SPACE",
  EDQUOT: "NO_SPACE",
  EFBIG: "NO_SPACE",
  ENAMETOOLONG: "INVALID",
  EILSEQ: "INVALID",
  ELOOP: "INVALID",
  ENOTSUP: "UNSUPPORTED",
  EOPNOTSUPP: "UNSUPPORTED",
};

const HINTS: Partial<Record<ErrorCode, string>> = {
  NO_SPACE: "Make room on the disk that is written to, or restore to another place.",
  PERMISSION_DENIED: "Give the process the right to it, or run it as the user who owns it.",
};

/** The `code` of a system error (`ENOENT`…), or `undefined`. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The cause of a system error in the field's words; `SOURCE_FAILED` where it is none of the known ones. */
export function causeOf(error: unknown): ErrorCode {
  return CODES[errnoOf(error) ?? ""] ?? "SOURCE_FAILED";
}

/** What the system said, without the path it adds: that one goes through a descriptor and helps nobody. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { message } = error;
  const comma = errnoOf(error) === undefined ? -1 : message.indexOf(", ");
  return comma < 0 ? message : message.slice(0, comma);
}

/** A system error as a {@link LifeboatError}; one that is one already stays as it is. */
export function systemError(error: unknown, operation: string, what: string, key?: string): LifeboatError {
  if (isLifeboatError(error)) return error;
  const code = causeOf(error);
  return new LifeboatError({
    code,
    operation,
    message: `${what}: ${reasonOf(error)}.`,
    key,
    hint: HINTS[code],
    cause: error,
  });
}

/** Makes the error for an option that cannot be. */
export function invalid(operation: string, message: string, hint?: string): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation, message, hint });
}
