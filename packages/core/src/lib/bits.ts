/** A growing row of flags, one bit each. */
export class Bits {
  #words = new Uint32Array(32);
  #count = 0;

  /** How many are set. */
  get count(): number {
    return this.#count;
  }

  set(at: number): void {
    if (this.has(at)) return;
    const word = at >>> 5;
    if (word >= this.#words.length) {
      const larger = new Uint32Array(Math.max(word + 1, this.#words.length * 2));
      larger.set(this.#words);
      this.#words = larger;
    }
    this.#words[word] = (this.#words[word] ?? 0) | (1 << (at & 31));
    this.#count += 1;
  }

  has(at: number): boolean {
    return ((this.#words[at >>> 5] ?? 0) & (1 << (at & 31))) !== 0;
  }
}
