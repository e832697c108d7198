// One table of the index in memory: open addressing over shared memory (docs/spec/dedup.md, "In memory").
//
// A slot holds the number of a row, counted from 1, in its low 17 bits, and above them 15 bits of the id, so that
// other ids' rows are almost never looked at. A row is written before its slot is, and never moves.

const ROW_BITS = 17;
const ROW_MASK = (1 << ROW_BITS) - 1;
/** Slots of a whole table; a power of two, so that a row's number fits into 17 bits. */
const SLOTS = 1 << ROW_BITS;
/** Slots of the smallest one: a small site takes some 40 KB. */
const LEAST_SLOTS = 1 << 10;
/** A table that is too full becomes so many times as large. */
const GROWTH = 4;
/** The most rows of a whole table: beyond that probing becomes slow. */
export const TABLE_ROWS = 118_000;
/** A table is too full at 0.72 of its slots. What is above is room for tasks under way. */
const FULL_ROWS = 94_000;
const ID_WORDS = 8;
const META_BYTES = 64;
/** What a row takes, besides its slot. */
const ROW_BYTES = ID_WORDS * 4 + 12;

/** The frame of a row that is claimed: its chunk is on its way into a pack. */
export const CLAIMED = 0xffff_ffff;
/** The frame of a row whose chunk did not get into a pack: whoever claims it next stores it. */
export const RELEASED = 0xffff_fffe;

/** Where what begins in the memory of a table. */
function layoutOf(slots: number) {
  const rows = Math.floor((TABLE_ROWS * slots) / SLOTS);
  const idsAt = META_BYTES + slots * 4;
  const framesAt = idsAt + rows * ID_WORDS * 4;
  return { rows, idsAt, framesAt, bytes: META_BYTES + slots * 4 + rows * ROW_BYTES };
}

/** The slots of a table that takes so many bytes. */
function slotsOf(bytes: number): number {
  let slots = LEAST_SLOTS;
  while (slots < SLOTS && layoutOf(slots).bytes < bytes) slots *= 2;
  return slots;
}

/** An id as eight numbers, taken from bytes once. */
export class IdWords {
  readonly words = new Int32Array(ID_WORDS);
  /** The same, as the id's bytes. */
  readonly bytes = new Uint8Array(this.words.buffer);

  /** Takes the id at a byte of some bytes. */
  take(bytes: Uint8Array, at: number): this {
    for (let i = 0; i < ID_WORDS * 4; i++) this.bytes[i] = bytes[at + i] ?? 0;
    return this;
  }

  /** The first bits of the id as a number. */
  top(bits: number): number {
    const [a = 0, b = 0, c = 0, d = 0] = this.bytes;
    return bits === 0 ? 0 : ((a << 24) | (b << 16) | (c << 8) | d) >>> (32 - bits);
  }
}

/** One table. A small one grows by a copy of it, up to {@link TABLE_ROWS}; then it is to be split. */
export class ChunkTable {
  readonly buffer: SharedArrayBuffer;
  /** How many rows it takes. */
  readonly capacity: number;
  readonly #fullAt: number;
  readonly #mask: number;
  readonly #meta: Int32Array;
  readonly #slots: Int32Array;
  readonly #ids: Int32Array;
  readonly frames: Uint32Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;

  /** The least table; or the one that a memory holds. */
  constructor(buffer = new SharedArrayBuffer(layoutOf(LEAST_SLOTS).bytes)) {
    const slots = slotsOf(buffer.byteLength);
    const { rows, idsAt, framesAt } = layoutOf(slots);
    this.buffer = buffer;
    this.capacity = rows;
    this.#fullAt = Math.floor((FULL_ROWS * slots) / SLOTS);
    this.#mask = slots - 1;
    this.#meta = new Int32Array(buffer, 0, META_BYTES / 4);
    this.#slots = new Int32Array(buffer, META_BYTES, slots);
    this.#ids = new Int32Array(buffer, idsAt, rows * ID_WORDS);
    this.frames = new Uint32Array(buffer, framesAt, rows);
    this.offsets = new Uint32Array(buffer, framesAt + rows * 4, rows);
    this.lengths = new Uint32Array(buffer, framesAt + rows * 8, rows);
  }

  /** A table of the largest size. */
  static whole(): ChunkTable {
    return new ChunkTable(new SharedArrayBuffer(layoutOf(SLOTS).bytes));
  }

  /** Whether it is of the largest size: then it does not grow, and has room for what threads add to it. */
  get isWhole(): boolean {
    return this.capacity === TABLE_ROWS;
  }

  /** Whether it is to grow, or to be split. */
  get isFull(): boolean {
    return this.rows >= this.#fullAt;
  }

  /** A larger one with the same rows, by the same numbers; to be called while nobody adds to it. */
  grown(slots = Math.min(SLOTS, GROWTH * (this.#mask + 1))): ChunkTable {
    const larger = new ChunkTable(new SharedArrayBuffer(layoutOf(slots).bytes));
    const rows = this.rows;
    larger.#meta[0] = rows;
    larger.#ids.set(this.#ids.subarray(0, rows * ID_WORDS));
    larger.frames.set(this.frames.subarray(0, rows));
    larger.offsets.set(this.offsets.subarray(0, rows));
    larger.lengths.set(this.lengths.subarray(0, rows));
    const id = new IdWords();
    for (const row of this.used()) {
      this.id(row, id);
      larger.#point(id.words, row);
    }
    return larger;
  }

  /** The same at its largest. */
  madeWhole(): ChunkTable {
    return this.isWhole ? this : this.grown(SLOTS);
  }

  /** How many rows were given out; a few may be unused. */
  get rows(): number {
    return Math.min(Atomics.load(this.#meta, 0), this.capacity);
  }

  /** Bytes that are in use. */
  get bytes(): number {
    return this.rows * ROW_BYTES + 4 * (this.#mask + 1);
  }

  /** The row of an id, or -1. */
  find({ words }: IdWords): number {
    const [mark, mask] = [markOf(words), this.#mask];
    for (let at = slotOf(words) & mask, n = 0; n <= mask; at = (at + 1) & mask, n++) {
      const slot = Atomics.load(this.#slots, at);
      if (slot === 0) return -1;
      if (((slot ^ mark) & ~ROW_MASK) === 0 && this.#is((slot & ROW_MASK) - 1, words)) return (slot & ROW_MASK) - 1;
    }
    return -1;
  }

  /**
   * The row of an id, or, where it has none, a new one, claimed by the caller: then its number is
   * answered as `-2 - row`. -1 where there is no room. Any threads may call it at once.
   */
  findOrAdd({ words }: IdWords): number {
    const [mark, mask] = [markOf(words), this.#mask];
    let own = -1;
    for (let at = slotOf(words) & mask, n = 0; n <= mask; at = (at + 1) & mask, n++) {
      let slot = Atomics.load(this.#slots, at);
      if (slot === 0) {
        if (own === -1) own = this.#newRow(words);
        if (own === -1) return -1;
        slot = Atomics.compareExchange(this.#slots, at, 0, mark | (own + 1));
        if (slot === 0) return -2 - own;
      }
      // Where another thread was faster with the same id, our new row stays unused: no slot points to it.
      if (((slot ^ mark) & ~ROW_MASK) === 0 && this.#is((slot & ROW_MASK) - 1, words)) return (slot & ROW_MASK) - 1;
    }
    return -1;
  }

  /** Whether it could take over a released row. */
  reclaim(row: number): boolean {
    return Atomics.compareExchange(this.frames, row, RELEASED, CLAIMED) === RELEASED;
  }

  /** Releases a row that is claimed; a settled one stays. */
  release(row: number): void {
    Atomics.compareExchange(this.frames, row, CLAIMED, RELEASED);
  }

  /** Every row that a slot points to. */
  *used(): Generator<number> {
    for (const slot of this.#slots) if (slot !== 0) yield (slot & ROW_MASK) - 1;
  }

  /** Copies the id of a row. */
  id(row: number, into: IdWords): void {
    into.words.set(this.#ids.subarray(row * ID_WORDS, (row + 1) * ID_WORDS));
  }

  #newRow(words: Int32Array): number {
    const row = Atomics.add(this.#meta, 0, 1);
    if (row >= this.capacity) {
      Atomics.sub(this.#meta, 0, 1);
      return -1;
    }
    this.#ids.set(words, row * ID_WORDS);
    this.frames[row] = CLAIMED;
    return row;
  }

  #point(words: Int32Array, row: number): void {
    let at = slotOf(words) & this.#mask;
    while (this.#slots[at] !== 0) at = (at + 1) & this.#mask;
    this.#slots[at] = markOf(words) | (row + 1);
  }

  #is(row: number, words: Int32Array): boolean {
    const at = row * ID_WORDS;
    for (let i = 0; i < ID_WORDS; i++) if (this.#ids[at + i] !== words[i]) return false;
    return true;
  }
}

/** Ids are spread evenly already: any of their bits do, but not those that choose the table. */
function slotOf(words: Int32Array): number {
  return words[1] ?? 0;
}

function markOf(words: Int32Array): number {
  return ((words[2] ?? 0) << ROW_BITS) | 0;
}
