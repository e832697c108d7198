import type { Failure } from "./failure.ts";

/**
 * What a failed request calls for.
 * - `line`: the line or the server broke; ask again soon
 * - `busy`: the server asks to slow down; ask again later
 * - `twice`: it may have been chance; ask once or twice again
 * - `never`: the same answer would come again
 */
export type Remedy = "line" | "busy" | "twice" | "never";

const BUSY = new Set([
  "SlowDown",
  "SlowDownRead",
  "SlowDownWrite",
  "Throttling",
  "ThrottlingException",
  "ThrottledException",
  "RequestThrottled",
  "RequestLimitExceeded",
  "TooManyRequests",
  "TooManyRequestsException",
  "BandwidthLimitExceeded",
  "RequestRateLimitExceeded",
  "Busy",
]);

/** Damage on the way, a clock that the SDK has just corrected, a name server in trouble. */
const TWICE = new Set([
  "BadDigest",
  "IncompleteBody",
  "InvalidDigest",
  "XAmzContentSHA256Mismatch",
  "RequestTimeTooSkewed",
  "RequestExpired",
  "ENOTFOUND",
]);

const LINE = new Set(["RequestTimeout", "OperationAborted", "ConditionalRequestConflict", "InternalError"]);

const CERTIFICATE = /^(CERT|SELF|DEPTH|UNABLE)|ERR_TLS|ERR_SSL|^EPROTO$/;

/** Decides whether a request that failed may be sent again. */
export function remedyOf({ name, status }: Failure): Remedy {
  if (BUSY.has(name) || status === 429 || (status === 503 && !LINE.has(name))) return "busy";
  if (TWICE.has(name)) return "twice";
  if (LINE.has(name)) return "line";
  if (CERTIFICATE.test(name) || name === "CredentialsProviderError" || status === 501 || status === 507) return "never";
  if (status >= 500 || status === 408) return "line";
  if (status >= 300) return "never";
  return name === "TypeError" || name === "RangeError" ? "never" : "line";
}

const FIRST_PAUSE = { line: 100, busy: 500, twice: 200 } as const;
const LONGEST_PAUSE_MS = 5000;
const TWICE_TRIES = 3;

/** What {@link pauseBefore} goes by. */
export interface Trouble {
  readonly remedy: Remedy;
  /** How often it has been tried, from 1. */
  readonly tries: number;
  /** Milliseconds since the first of these failures. */
  readonly lasting: number;
  /** For how many milliseconds the caller is willing to try. */
  readonly budget: number;
  /** From 0 to 1. */
  readonly random: number;
}

/**
 * How many milliseconds to wait before the next try, `null` where there should be
 * none. Pauses double and are jittered over their upper half, so that many clients
 * that failed together do not come back together.
 */
export function pauseBefore({ remedy, tries, lasting, budget, random }: Trouble): number | null {
  if (remedy === "never" || (remedy === "twice" && tries >= TWICE_TRIES)) return null;
  const longest = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE[remedy] * 2 ** Math.min(tries - 1, 10));
  const pause = longest * (0.5 + random / 2);
  return lasting + pause > budget ? null : pause;
}
