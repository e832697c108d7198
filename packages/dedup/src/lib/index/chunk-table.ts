// One table of the index in memory: open addressing over shared memory (docs/spec/dedup.md, "In memory").
//
// A slot holds the number of a row, counted from 1, in its low 17 bits, and above them 15 bits of the id, so that
// other ids' rows are almost never looked at. A row is written before its slot is, and never moves.

/** Slots of a table; a power of two, so that a row's number fits into 17 bits. */
const SLOTS = 1 << 17;
const ROW_BITS = 17;
const ROW_MASK = SLOTS - 1;
/** The most rows: beyond that probing becomes slow. */
export const TABLE_ROWS = 118_000;
/** A table with so many rows is to be split: 0.72 of the slots. What is above is room for tasks under way. */
export const SPLIT_ROWS = 94_000;
const ID_WORDS = 8;
const META_BYTES = 64;

/** The frame of a row that is claimed: its chunk is on its way into a pack. */
export const CLAIMED = 0xffff_ffff;
/** The frame of a row whose chunk did not get into a pack: whoever claims it next stores it. */
export const RELEASED = 0xffff_fffe;

const SLOTS_AT = META_BYTES;
const IDS_AT = SLOTS_AT + SLOTS * 4;
const FRAMES_AT = IDS_AT + TABLE_ROWS * ID_WORDS * 4;
const OFFSETS_AT = FRAMES_AT + TABLE_ROWS * 4;
const LENGTHS_AT = OFFSETS_AT + TABLE_ROWS * 4;
const TABLE_BYTES = LENGTHS_AT + TABLE_ROWS * 4;

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

/** One table. The memory is zeroes where nothing was written, so that only what is used takes room. */
export class ChunkTable {
  readonly buffer: SharedArrayBuffer;
  readonly #meta: Int32Array;
  readonly #slots: Int32Array;
  readonly #ids: Int32Array;
  readonly frames: Uint32Array;
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;

  constructor(buffer = new SharedArrayBuffer(TABLE_BYTES)) {
    this.buffer = buffer;
    this.#meta = new Int32Array(buffer, 0, META_BYTES / 4);
    this.#slots = new Int32Array(buffer, SLOTS_AT, SLOTS);
    this.#ids = new Int32Array(buffer, IDS_AT, TABLE_ROWS * ID_WORDS);
    this.frames = new Uint32Array(buffer, FRAMES_AT, TABLE_ROWS);
    this.offsets = new Uint32Array(buffer, OFFSETS_AT, TABLE_ROWS);
    this.lengths = new Uint32Array(buffer, LENGTHS_AT, TABLE_ROWS);
  }

  /** How many rows were given out; a few may be unused. */
  get rows(): number {
    return Math.min(Atomics.load(this.#meta, 0), TABLE_ROWS);
  }

  /** The row of an id, or -1. */
  find({ words }: IdWords): number {
    const mark = markOf(words);
    for (let at = slotOf(words), n = 0; n < SLOTS; at = (at + 1) & ROW_MASK, n++) {
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
    const mark = markOf(words);
    let own = -1;
    for (let at = slotOf(words), n = 0; n < SLOTS; at = (at + 1) & ROW_MASK, n++) {
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
    if (row >= TABLE_ROWS) {
      Atomics.sub(this.#meta, 0, 1);
      return -1;
    }
    this.#ids.set(words, row * ID_WORDS);
    this.frames[row] = CLAIMED;
    return row;
  }

  #is(row: number, words: Int32Array): boolean {
    const at = row * ID_WORDS;
    for (let i = 0; i < ID_WORDS; i++) if (this.#ids[at + i] !== words[i]) return false;
    return true;
  }
}

/** Ids are spread evenly already: any of their bits do, but not those that choose the table. */
function slotOf(words: Int32Array): number {
  return (words[1] ?? 0) & ROW_MASK;
}

function markOf(words: Int32Array): number {
  return ((words[2] ?? 0) << ROW_BITS) | 0;
}
