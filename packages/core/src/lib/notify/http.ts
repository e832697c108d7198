import { type Clock, LifeboatError } from "@lifeboat/contracts";
import type { RequestTarget } from "./target.ts";

/** One request, whose answer's body is of no concern. */
export interface HttpRequest {
  /** What it is part of, for errors: `webhook`. */
  readonly operation: string;
  readonly target: RequestTarget;
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  /** In milliseconds. */
  readonly limitMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Why a request was of no avail. */
export interface Failure {
  readonly error: LifeboatError;
  /** The answer's, where there was one. */
  readonly status?: number;
  /** Whether it may be well later. */
  readonly passing: boolean;
  /** How long to wait before asking again, where the answer says so. */
  readonly retryAfterMs?: number;
}

/**
 * Sends a request; any status from 200 to 299 is well, everything else is told. Redirects are not followed: what is
 * sent is meant for one receiver.
 *
 * @throws the signal's reason, and nothing else
 */
export async function send(request: HttpRequest): Promise<Failure | null> {
  const { operation, target, method, headers, body, limitMs, clock, signal } = request;
  const limit = new AbortController();
  using _limit = clock.after(limitMs, () => limit.abort());
  try {
    const answer = await fetch(target.href, {
      method,
      redirect: "manual",
      headers: { ...target.headers, ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([limit.signal, signal]),
    });
    await answer.body?.cancel();
    return answer.ok ? null : refused(request, answer);
  } catch (error) {
    signal.throwIfAborted();
    const silent = limit.signal.aborted;
    return {
      error: silent ? tooSlow(operation, target, limitMs) : unreachable(operation, target, error),
      passing: true,
    };
  }
}

function refused({ operation, target: { origin }, clock }: HttpRequest, { status, headers }: Response): Failure {
  const isRedirect = status >= 300 && status < 400;
  const wait = retryAfter(headers.get("retry-after"), clock.now());
  const error = new LifeboatError({
    code: "UNREACHABLE",
    operation,
    reason: isRedirect ? "redirected" : `status-${status}`,
    key: origin,
    message: isRedirect
      ? `${origin} answered with a redirect (${status}), which is not followed.`
      : `${origin} answered with the status ${status}.`,
    hint: isRedirect
      ? "Give the URL that it redirects to."
      : "Look whether the URL is right, and what the receiver says of it.",
  });
  const passing = status === 408 || status === 429 || status >= 500;
  return { error, status, passing, ...(wait === null ? {} : { retryAfterMs: wait }) };
}

/** Seconds, or a date (RFC 9110, section 10.2.3). */
function retryAfter(value: string | null, now: number): number | null {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) && ms > 0 ? ms : null;
}

function tooSlow(operation: string, { origin }: RequestTarget, limitMs: number): LifeboatError {
  return new LifeboatError({
    code: "TIMEOUT",
    operation,
    key: origin,
    retryable: true,
    message: `${origin} did not answer within ${limitMs / 1000} s.`,
  });
}

/** What fetch says may hold the URL; of what it was caused by only the code is told. */
function unreachable(operation: string, { origin }: RequestTarget, error: unknown): LifeboatError {
  const cause = error instanceof Error ? error.cause : undefined;
  const code = typeof cause === "object" && cause !== null ? Reflect.get(cause, "code") : undefined;
  return new LifeboatError({
    code: "UNREACHABLE",
    operation,
    key: origin,
    retryable: true,
    message: `${origin} could not be reached${typeof code === "string" ? `: ${code}` : ""}.`,
  });
}
