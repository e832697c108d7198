import { type GetOptions, LifeboatError, type ObjectInfo, type Storage } from "@lifeboat/contracts";
import type { Attempts } from "./attempts.ts";

const OPERATION = "storage.get";
/** So many of the last bytes are read again and compared when a read resumes. */
const OVERLAP = 4096;

/** Reads, and resumes behind the last byte that came. */
export class RetriedGet {
  readonly #inner: Storage;
  readonly #key: string;
  readonly #options: GetOptions;
  readonly #attempts: Attempts;
  readonly #start: number;
  readonly #end: number | undefined;
  #at: number;
  #tail: Uint8Array = new Uint8Array();
  #info: ObjectInfo | null = null;

  constructor(inner: Storage, key: string, options: GetOptions, attempts: Attempts) {
    this.#inner = inner;
    this.#key = key;
    this.#options = options;
    this.#attempts = attempts;
    this.#start = options.range?.start ?? 0;
    this.#end = options.range?.end;
    this.#at = this.#start;
  }

  pieces(): AsyncGenerator<Uint8Array> {
    return this.#attempts.items(() => this.#attempt());
  }

  async *#attempt(): AsyncGenerator<Uint8Array> {
    if (this.#at === this.#start) {
      for await (const piece of this.#inner.get(this.#key, this.#options)) yield this.#came(piece);
      return;
    }
    await this.#look();
    const range = { start: this.#at - this.#tail.length, end: this.#end };
    let known = this.#tail;
    for await (const piece of this.#inner.get(this.#key, { ...this.#options, range })) {
      const again = Math.min(known.length, piece.length);
      if (Buffer.compare(piece.subarray(0, again), known.subarray(0, again)) !== 0) throw this.#changed();
      known = known.subarray(again);
      if (piece.length > again) yield this.#came(piece.subarray(again));
    }
    const due = Math.min(this.#end ?? Number.POSITIVE_INFINITY, this.#info?.size ?? 0);
    if (known.length > 0 || this.#at !== due) throw this.#changed();
  }

  #came(piece: Uint8Array): Uint8Array {
    this.#at += piece.length;
    this.#tail = tailOf(this.#tail, piece);
    this.#attempts.progress();
    return piece;
  }

  /** @throws CONFLICT where the object is another one than when it was last looked at */
  async #look(): Promise<void> {
    const info = await this.#inner.stat(this.#key, { signal: this.#options.signal });
    const before = this.#info;
    const another = before !== null && (before.size !== info?.size || +before.modified !== +info.modified);
    if (info === null || another || info.size < this.#at) throw this.#changed();
    this.#info = info;
  }

  #changed(): LifeboatError {
    return new LifeboatError({
      code: "CONFLICT",
      operation: OPERATION,
      key: this.#key,
      message: `Expected to go on reading ${JSON.stringify(this.#key)} at byte ${this.#at}, but it was replaced or deleted meanwhile.`,
      hint: "Read it again from its beginning.",
    });
  }
}

/** The last bytes of what came, copied: the pieces belong to the reader. */
function tailOf(before: Uint8Array, piece: Uint8Array): Uint8Array {
  if (piece.length >= OVERLAP) return Uint8Array.from(piece.subarray(piece.length - OVERLAP));
  return Buffer.concat([before.subarray(Math.max(0, before.length + piece.length - OVERLAP)), piece]);
}
