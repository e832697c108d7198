import { isLifeboatError, type LifeboatError } from "@lifeboat/contracts";
import { pause } from "./pause.ts";
import { through } from "./through.ts";

/** One retry, before its pause. */
export interface RetryEvent {
  /** As in the error: `storage.get`. */
  readonly operation: string;
  /** The key, where there is one. */
  readonly key?: string;
  /** Counts the failures so far, from 1. */
  readonly failures: number;
  /** How long the pause is that follows, in milliseconds. */
  readonly pauseMs: number;
  readonly error: LifeboatError;
}

/** How often, and how long, is tried. */
export interface AttemptLimits {
  readonly attempts: number;
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  readonly budgetMs: number;
  readonly onRetry?: ((event: RetryEvent) => void) | undefined;
}

/** The attempts of one call. */
export class Attempts {
  readonly #limits: AttemptLimits;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  #since = 0;
  #stopped = false;

  constructor(limits: AttemptLimits, signal: AbortSignal | undefined) {
    this.#limits = limits;
    this.#signal = signal;
  }

  get failures(): number {
    return this.#failures;
  }

  /** Something moved: what fails next has all its attempts and its budget again. */
  progress(): void {
    this.#failures = 0;
  }

  /** Whatever fails from now on is not tried again. */
  stop(): void {
    this.#stopped = true;
  }

  /** Pauses before the next attempt, or throws the error where there is to be none. */
  async after(error: unknown): Promise<void> {
    if (this.#stopped || this.#signal?.aborted === true || !isLifeboatError(error) || !error.retryable) throw error;
    const { attempts, budgetMs, onRetry } = this.#limits;
    if (this.#failures === 0) this.#since = performance.now();
    this.#failures += 1;
    const pauseMs = this.#pauseMs();
    const spent = performance.now() - this.#since;
    if (this.#failures >= attempts || spent + pauseMs > budgetMs) throw error;
    const { operation, key } = error;
    onRetry?.({ operation, ...(key === undefined ? {} : { key }), failures: this.#failures, pauseMs, error });
    await pause(pauseMs, this.#signal);
  }

  /** Doubles each time; half of it by chance, so that many who failed together do not come back together. */
  #pauseMs(): number {
    const { firstPauseMs, longestPauseMs } = this.#limits;
    const whole = Math.min(longestPauseMs, firstPauseMs * 2 ** (this.#failures - 1));
    return Math.round(whole / 2 + (Math.random() * whole) / 2);
  }

  /**
   * The items of one attempt after another, until one reaches its end. `attempt` goes
   * on where the last one stopped.
   */
  async *items<T>(attempt: () => AsyncIterable<T>): AsyncGenerator<T> {
    let broken: boolean;
    do {
      broken = false;
      yield* through(attempt(), async (pull) => {
        try {
          return await pull();
        } catch (error) {
          await this.after(error);
          broken = true;
          return { done: true, value: undefined };
        }
      });
    } while (broken);
  }
}
