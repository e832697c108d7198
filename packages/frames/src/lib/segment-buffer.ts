/** The expanded bytes of a segment while it is made: one buffer a thread, used again and again. */
export class SegmentBuffer {
  #bytes: Buffer;
  #used = 0;

  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** How many bytes it holds: where the next one goes. */
  get used(): number {
    return this.#used;
  }

  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  /** Empties it, or cuts it back to a length that it had before. */
  reset(to = 0): void {
    this.#used = to;
  }

  /** Room for `length` bytes at the end, to be filled by the caller. */
  take(length: number): Uint8Array {
    this.#grow(length);
    this.#used += length;
    return this.#bytes.subarray(this.#used - length, this.#used);
  }

  append(bytes: Uint8Array): void {
    this.take(bytes.length).set(bytes);
  }

  #grow(length: number): void {
    if (this.#used + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#used + length, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
