import { LifeboatError } from "@lifeboat/contracts";

/** Limits how long a call may stay silent: a timer that runs while it is the storage's turn. */
export class Watch {
  readonly #abort = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #ms: number;
  readonly #what: { readonly operation: string; readonly key?: string | undefined };
  readonly #onAbort = () => {
    this.#abort.abort(this.#outer?.reason);
    this.start(); // a storage that does not even end when it is aborted
  };
  #expire: ((reason: unknown) => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(outer: AbortSignal | undefined, ms: number, operation: string, key?: string) {
    this.#outer = outer;
    this.#ms = ms;
    this.#what = { operation, key };
    if (outer?.aborted === true) this.#onAbort();
    else outer?.addEventListener("abort", this.#onAbort, { once: true });
  }

  /** For the inner call: aborted with the caller's reason, or with TIMEOUT. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** It is the storage's turn, and its time begins. */
  start(): void {
    clearTimeout(this.#timer);
    if (!this.#ended) this.#timer = setTimeout(() => this.#expired(), this.#ms);
  }

  /** It is somebody else's turn: the body's, or the reader's. */
  stop(): void {
    if (!this.signal.aborted) clearTimeout(this.#timer);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener("abort", this.#onAbort);
  }

  /** The call's outcome, or the timeout's, for a call that does not even end when it is aborted. */
  async limit<T>(call: () => Promise<T>): Promise<T> {
    const expired = new Promise<never>((_, reject) => {
      this.#expire = reject;
    });
    this.start();
    try {
      return await Promise.race([call(), expired]);
    } finally {
      this.end();
    }
  }

  #expired(): void {
    const { operation, key } = this.#what;
    const about = key === undefined ? operation : `${operation} of ${JSON.stringify(key)}`;
    const error = new LifeboatError({
      code: "TIMEOUT",
      operation,
      key,
      message: `${about} stayed silent for ${this.#ms} ms.`,
      hint: "Check the network and the server. Where it is merely slow, allow more time in withTimeLimits().",
      retryable: true,
    });
    this.#abort.abort(error);
    this.#expire?.(this.#abort.signal.reason);
  }
}
