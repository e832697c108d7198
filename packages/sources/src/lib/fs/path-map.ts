import { getRandomValues } from "node:crypto";

/** What a path was used for. */
export type PathUse = 1 | 2 | 3 | 4;

/** A directory that some entry lies in, but that is no entry itself so far. */
export const PARENT: PathUse = 1;
export const DIRECTORY: PathUse = 2;
export const FILE: PathUse = 3;
export const SYMLINK: PathUse = 4;

/**
 * Remembers paths by a 64-bit hash with a random seed: 9 bytes a slot, whatever their
 * length. Two paths out of ten million share a hash once in 370,000 runs; one of them
 * is then refused as a duplicate, or kept where it should have been removed.
 */
export class PathMap {
  #high = new Uint32Array(1024);
  #low = new Uint32Array(1024);
  #use = new Uint8Array(1024);
  #size = 0;
  readonly #seed = getRandomValues(new Uint32Array(2));
  #h = 0;
  #l = 0;

  get size(): number {
    return this.#size;
  }

  get(path: string): PathUse | undefined {
    this.#hash(path);
    const use = this.#use[this.#slot()] ?? 0;
    return use === 0 ? undefined : (use as PathUse);
  }

  set(path: string, use: PathUse): void {
    if (this.#size * 2 >= this.#use.length) this.#grow();
    this.#hash(path);
    const slot = this.#slot();
    if (this.#use[slot] === 0) this.#size += 1;
    this.#high[slot] = this.#h;
    this.#low[slot] = this.#l;
    this.#use[slot] = use;
  }

  /** Two multiply-and-xor hashes over UTF-16 units, mixed as in MurmurHash3. */
  #hash(path: string): void {
    let h = this.#seed[0] ?? 0;
    let l = this.#seed[1] ?? 0;
    for (let i = 0; i < path.length; i++) {
      const unit = path.charCodeAt(i);
      h = Math.imul(h ^ unit, 0x85ebca6b);
      h ^= h >>> 15;
      l = Math.imul(l ^ unit, 0xc2b2ae35);
      l ^= l >>> 13;
    }
    h = Math.imul(h ^ (h >>> 16) ^ path.length, 0x9e3779b1);
    l = Math.imul(l ^ (l >>> 16) ^ h, 0x85ebca77);
    this.#h = (h ^ (h >>> 13)) >>> 0;
    this.#l = (l ^ (l >>> 16)) >>> 0;
  }

  #slot(): number {
    const mask = this.#use.length - 1;
    let slot = this.#l & mask;
    while (this.#use[slot] !== 0 && (this.#high[slot] !== this.#h || this.#low[slot] !== this.#l)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #grow(): void {
    const [high, low, use] = [this.#high, this.#low, this.#use];
    this.#high = new Uint32Array(use.length * 2);
    this.#low = new Uint32Array(use.length * 2);
    this.#use = new Uint8Array(use.length * 2);
    for (let i = 0; i < use.length; i++) {
      if (use[i] === 0) continue;
      this.#h = high[i] ?? 0;
      this.#l = low[i] ?? 0;
      const slot = this.#slot();
      this.#high[slot] = this.#h;
      this.#low[slot] = this.#l;
      this.#use[slot] = use[i] ?? 0;
    }
  }
}
