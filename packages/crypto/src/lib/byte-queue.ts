/**
 * Bytes that have arrived in pieces of any size and were not used yet, in one
 * growing buffer. Memory follows what has arrived, never what a file claims.
 */
export class ByteQueue {
  readonly #pieces: AsyncIterator<Uint8Array>;
  readonly #signal: AbortSignal | undefined;
  #buffer = new Uint8Array(64 * 1024);
  #start = 0;
  #end = 0;
  #ended = false;

  constructor(pieces: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined) {
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#signal = signal;
  }

  /** Bytes at hand. */
  get size(): number {
    return this.#end - this.#start;
  }

  /** Waits until `length` bytes are at hand; `false` where the input ends before. */
  async fill(length: number): Promise<boolean> {
    while (this.size < length && !this.#ended) {
      this.#signal?.throwIfAborted();
      this.#ended = true; // also where the input throws
      const next = await this.#pieces.next();
      this.#ended = next.done === true;
      if (next.done !== true) this.#append(next.value);
    }
    return this.size >= length;
  }

  /** The next bytes, at most `length`, valid until the next {@link fill}. */
  peek(length: number): Uint8Array {
    return this.#buffer.subarray(this.#start, Math.min(this.#start + length, this.#end));
  }

  /** Leaves bytes behind. */
  drop(length: number): void {
    this.#start += length;
  }

  /** Closes the input where it has not ended. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#pieces.return?.();
  }

  #append(piece: Uint8Array): void {
    if (this.#end + piece.length > this.#buffer.length) this.#makeRoom(piece.length);
    this.#buffer.set(piece, this.#end);
    this.#end += piece.length;
  }

  #makeRoom(length: number): void {
    const needed = this.size + length;
    const rest = this.#buffer.subarray(this.#start, this.#end);
    if (needed > this.#buffer.length) this.#buffer = new Uint8Array(Math.max(needed, 2 * this.#buffer.length));
    this.#buffer.set(rest);
    this.#end = rest.length;
    this.#start = 0;
  }
}
