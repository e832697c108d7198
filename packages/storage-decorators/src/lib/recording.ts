/**
 * A body that is sent again from memory as long as no more than a limit has been
 * pulled from it. It is pulled once, from wherever the last attempt stopped; past
 * the limit what was recorded is let go, and it can't begin anew any more.
 */
export class Recording {
  readonly #iterator: AsyncIterator<Uint8Array>;
  readonly #limit: number;
  #kept: Uint8Array[] | null = [];
  #bytes = 0;
  #pulling: Promise<IteratorResult<Uint8Array>> | null = null;
  #ended = false;
  #failed = false;

  constructor(body: AsyncIterable<Uint8Array>, limit: number) {
    this.#iterator = body[Symbol.asyncIterator]();
    this.#limit = limit;
  }

  /** Whether the body itself threw: none of the storage's failures. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Whether {@link open} may be called again. */
  get replayable(): boolean {
    return this.#kept !== null && !this.#failed;
  }

  /** Whether all of it was pulled, and is still here. */
  get whole(): boolean {
    return this.#ended && this.replayable;
  }

  /** From the beginning. */
  async *open(): AsyncGenerator<Uint8Array> {
    let kept = this.#kept;
    for (let at = 0; kept !== null; ) {
      const piece = kept[at];
      if (piece !== undefined) {
        at += 1;
        yield piece;
      } else if (this.#kept === null) {
        kept = null; // past the limit: from here on straight from the body
      } else if ((await this.#pull()).done === true) {
        return;
      }
    }
    for (;;) {
      const result = await this.#pull();
      if (result.done === true) return;
      yield result.value;
    }
  }

  /** Closes the body where it has not ended. One that is stuck in a pull is not waited for. */
  async close(): Promise<void> {
    if (this.#ended || this.#failed) return;
    const closing = Promise.resolve(this.#iterator.return?.());
    if (this.#pulling === null) await closing;
    else closing.catch(() => undefined); // nobody is left to be told
  }

  /** An attempt that was given up may still wait for the same piece: both get it. */
  #pull(): Promise<IteratorResult<Uint8Array>> {
    this.#pulling ??= this.#next().finally(() => {
      this.#pulling = null;
    });
    return this.#pulling;
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    try {
      const result = await this.#iterator.next();
      if (result.done === true) this.#ended = true;
      else this.#record(result.value);
      return result;
    } catch (error) {
      this.#failed = true;
      throw error;
    }
  }

  #record(piece: Uint8Array): void {
    if (this.#kept === null) return;
    this.#kept.push(Uint8Array.from(piece)); // a body may fill the same buffer again
    this.#bytes += piece.length;
    if (this.#bytes > this.#limit) this.#kept = null;
  }
}
