import type { Storage } from "@lifeboat/contracts";
import { type AttemptLimits, Attempts, type RetryEvent } from "./attempts.ts";
import { decorated } from "./decorated.ts";
import { atLeast } from "./options.ts";
import { retryBody } from "./retry-body.ts";
import { RetriedGet } from "./retry-get.ts";
import { retryList } from "./retry-list.ts";
import { retryPut } from "./retry-put.ts";

/** Options of {@link withRetry}. */
export interface RetryOptions {
  /** How often a call is tried at most, the first time included. Default: 8. */
  readonly attempts?: number;
  /** The first pause, in milliseconds; each further one is twice as long, and up to half of each is left off by chance. Default: 250. */
  readonly firstPauseMs?: number;
  /** The longest pause, in milliseconds. Default: 15,000. */
  readonly longestPauseMs?: number;
  /** How long after its first failure a call is still tried again, in milliseconds. Default: 60,000. */
  readonly budgetMs?: number;
  /**
   * How many bytes of a body are kept so that they can be sent again, for each put.
   * Default: 8 MiB. A longer body can be sent again only if it is an array or {@link replayable}.
   */
  readonly bufferBytes?: number;
  /** Called before each pause: for a log. */
  readonly onRetry?: (event: RetryEvent) => void;
}

/**
 * The storage, tried again when it fails with a retryable error, with growing
 * pauses, until it works or the attempts or the budget are used up; the last error
 * is then thrown as it is.
 *
 * - **put** sends the body again from its beginning, which takes an array, a
 *   {@link replayable} body, or one of which no more than `bufferBytes` was pulled;
 *   otherwise the error is thrown at once. Where a create-only put is answered with
 *   `ALREADY_EXISTS` after an attempt whose outcome is unknown, the object is read back:
 *   if it holds exactly these bytes, the put has succeeded.
 * - **get** resumes behind the last byte, compares the 4 KiB before it, size and
 *   time, and throws `CONFLICT` where the object was replaced. What moved gives it all
 *   attempts again.
 * - **list** begins again and leaves out what was shown, up to 100,000 keys.
 *
 * @throws INVALID where an option is no number or below its least
 */
export function withRetry(inner: Storage, options: RetryOptions = {}): Storage {
  const limits: AttemptLimits = {
    attempts: atLeast(1, options.attempts ?? 8, "withRetry", "attempts"),
    firstPauseMs: atLeast(0, options.firstPauseMs ?? 250, "withRetry", "firstPauseMs"),
    longestPauseMs: atLeast(0, options.longestPauseMs ?? 15_000, "withRetry", "longestPauseMs"),
    budgetMs: atLeast(0, options.budgetMs ?? 60_000, "withRetry", "budgetMs"),
    onRetry: options.onRetry,
  };
  const bufferBytes = atLeast(0, options.bufferBytes ?? 8 * 1024 * 1024, "withRetry", "bufferBytes");

  async function again<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    const attempts = new Attempts(limits, signal);
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await attempts.after(error);
      }
    }
  }

  return decorated(inner, {
    async put(key, body, o = {}) {
      const attempts = new Attempts(limits, o.signal);
      return await retryPut({ inner, key, body: retryBody(body, bufferBytes), options: o, attempts });
    },
    async *get(key, o = {}) {
      yield* new RetriedGet(inner, key, o, new Attempts(limits, o.signal)).pieces();
    },
    stat: (key, o) => again(o?.signal, () => inner.stat(key, o)),
    async *list(prefix, o = {}) {
      yield* retryList(inner, prefix, o, new Attempts(limits, o.signal));
    },
    delete: (keys, o) => again(o?.signal, () => inner.delete(keys, o)),
    copy: (copy) => (from, to, o) => again(o?.signal, () => copy(from, to, o)),
    space: (space) => (o) => again(o?.signal, () => space(o)),
  });
}
