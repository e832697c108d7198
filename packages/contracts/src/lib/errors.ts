/**
 * Why something failed, so that a caller can branch on the cause.
 *
 * | code | cause |
 * |---|---|
 * | `NOT_FOUND` | the object, backup, entry, site or source is proven absent |
 * | `ALREADY_EXISTS` | a create-only write met something that is there |
 * | `PERMISSION_DENIED` | the credentials are known but lack a right |
 * | `UNAUTHENTICATED` | the credentials themselves were refused |
 * | `UNREACHABLE` | the other side could not be reached, or the line broke |
 * | `TIMEOUT` | it stayed silent for too long |
 * | `RATE_LIMITED` | it asks to slow down |
 * | `NO_SPACE` | the disk or quota is full |
 * | `UNSUPPORTED` | a version, suite or feature that this code or that server does not have |
 * | `WRONG_KEY` | a key that is valid in itself but does not open this |
 * | `CORRUPT` | bytes are damaged, cut off, or were altered |
 * | `INCOMPATIBLE` | whole and readable, but belongs to something else or needs a newer version |
 * | `LOCKED` | another run holds what this one needs |
 * | `CONFLICT` | the world changed since the plan was made |
 * | `SOURCE_FAILED` | the host's own source threw, or its program failed |
 * | `INVALID` | an argument, option or input is wrong |
 * | `ABORTED` | the caller cancelled |
 */
export type ErrorCode =
  | "NOT_FOUND"
  | "ALREADY_EXISTS"
  | "PERMISSION_DENIED"
  | "UNAUTHENTICATED"
  | "UNREACHABLE"
  | "TIMEOUT"
  | "RATE_LIMITED"
  | "NO_SPACE"
  | "UNSUPPORTED"
  | "WRONG_KEY"
  | "CORRUPT"
  | "INCOMPATIBLE"
  | "LOCKED"
  | "CONFLICT"
  | "SOURCE_FAILED"
  | "INVALID"
  | "ABORTED";

/** What a {@link LifeboatError} is made from. */
export interface LifeboatErrorInit {
  readonly code: ErrorCode;
  /** What was being done, in dotted words: `storage.put`, `backup`, `site.open`. */
  readonly operation: string;
  /** What was expected, what was found, and where. Never holds a secret. */
  readonly message: string;
  /** A finer name of the cause, stable, where one code has several: `wrong-region`, `no-bucket`, `host-key-changed`. */
  readonly reason?: string | undefined;
  /** The object key, entry path or name that it is about. */
  readonly key?: string | undefined;
  /** Whether the same call may succeed later, unchanged. Default: `false`. */
  readonly retryable?: boolean | undefined;
  /** What to do now, in one sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("lifeboat.error");

/** The one error class of Lifeboat: coded by cause, with a hint that says what to do. */
export class LifeboatError extends Error {
  override readonly name = "LifeboatError";
  readonly code: ErrorCode;
  readonly operation: string;
  readonly reason?: string;
  readonly key?: string;
  readonly retryable: boolean;
  readonly hint?: string;

  constructor(init: LifeboatErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
    this.operation = init.operation;
    this.retryable = init.retryable ?? false;
    if (init.reason !== undefined) this.reason = init.reason;
    if (init.key !== undefined) this.key = init.key;
    if (init.hint !== undefined) this.hint = init.hint;
    Object.defineProperty(this, BRAND, { value: true });
  }
}

/**
 * Whether `value` is a {@link LifeboatError}, from whichever copy of the package,
 * and, where `code` is given, whether it has that code.
 */
export function isLifeboatError(value: unknown, code?: ErrorCode): value is LifeboatError {
  return (
    typeof value === "object" &&
    value !== null &&
    BRAND in value &&
    (code === undefined || Reflect.get(value, "code") === code)
  );
}
