import { type Cutter, createCutter } from "./cutter.ts";
import type { Finder } from "./finder.ts";
import type { ChunkProfile } from "./profile.ts";

/**
 * Cuts a body that comes in pieces of whatever sizes. A chunk lies in the finder's memory, and is to be used
 * up before the next one is pulled. The finder must hold at least twice `max`, and belongs to this body alone.
 */
export class StreamCutter {
  readonly #bytes: Uint8Array;
  readonly #max: number;
  readonly #cutter: Cutter;
  #start = 0;
  #end = 0;
  #first = true;

  constructor(profile: ChunkProfile, finder: Finder) {
    this.#bytes = finder.bytes;
    this.#max = profile.max;
    this.#cutter = createCutter(profile, finder);
  }

  /** The chunks that are certain with this piece. */
  *push(piece: Uint8Array): Generator<Uint8Array, void, undefined> {
    const bytes = this.#bytes;
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + bytes.length - this.#end);
      bytes.set(part, this.#end);
      this.#end += part.length;
      at += part.length;
      if (this.#end < bytes.length) continue;
      yield* this.#drain(false);
      bytes.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
  }

  /** The last chunks. */
  *end(): Generator<Uint8Array, void, undefined> {
    yield* this.#drain(true);
  }

  *#drain(last: boolean): Generator<Uint8Array, void, undefined> {
    while (this.#end - this.#start > (last ? 0 : this.#max)) {
      const cut = this.#cutter.cut(this.#start, this.#end, this.#first, last);
      yield this.#bytes.subarray(this.#start, cut);
      this.#start = cut;
      this.#first = false;
    }
  }
}
