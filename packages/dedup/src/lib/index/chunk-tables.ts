import { ChunkTable, IdWords, RELEASED, TABLE_ROWS } from "./chunk-table.ts";

/** The memory of the tables, to be sent to worker threads, which attach to it. Sent by reference, not copied. */
export interface SharedTables {
  /** Another one means that tables were split since. */
  readonly version: number;
  /** How many first bits of an id choose among the tables. */
  readonly bits: number;
  /** For each value of those bits the table. */
  readonly tables: readonly SharedArrayBuffer[];
}

/** Where a chunk lies, by the number of its frame. */
export interface ChunkSpot {
  readonly frame: number;
  /** The byte of the expanded frame that it begins at. */
  readonly offset: number;
  readonly length: number;
}

/** What every thread may ask of the tables. An id is 32 bytes, at `at` in `ids`. */
export interface ChunkClaims {
  /** Whether the chunk is in a pack, or on its way into one. */
  has(ids: Uint8Array, at?: number): boolean;
  /**
   * Whether the caller is to store this chunk: nobody has, and of all threads that ask, one is told so. Where tables
   * are split meanwhile it may be two; the chunk is then stored twice, which is no harm.
   */
  claim(ids: Uint8Array, at?: number): boolean;
}

/** The worker's side: tables of the main thread. */
export class AttachedTables implements ChunkClaims {
  readonly #id = new IdWords();
  #version = -1;
  #bits = 0;
  #tables: readonly ChunkTable[] = [];

  /** Attaches to the tables as they are now; to be called for each task, and cheap where nothing has changed. */
  attach({ version, bits, tables }: SharedTables): this {
    if (version === this.#version) return this;
    const views = new Map<SharedArrayBuffer, ChunkTable>();
    this.#tables = tables.map((buffer) => {
      const view = views.get(buffer) ?? new ChunkTable(buffer);
      views.set(buffer, view);
      return view;
    });
    this.#bits = bits;
    this.#version = version;
    return this;
  }

  has(ids: Uint8Array, at = 0): boolean {
    const id = this.#id.take(ids, at);
    return isThere(this.#tables[id.top(this.#bits)], id);
  }

  claim(ids: Uint8Array, at = 0): boolean {
    const id = this.#id.take(ids, at);
    return claimIn(this.#tables[id.top(this.#bits)], id);
  }
}

/**
 * All chunks that a site is known to have, and those that a run has claimed: some 50 bytes each. Grows by splitting
 * one table of a hundred thousand at a time, so that adding never takes long. The main thread owns it.
 */
export class ChunkTables implements ChunkClaims {
  readonly #id = new IdWords();
  /** For each value of the first `#bits` bits of an id its table; one that has fewer bits stands there several times. */
  #tables: { readonly table: ChunkTable; readonly bits: number }[] = [{ table: new ChunkTable(), bits: 0 }];
  #bits = 0;
  #version = 0;

  /** For worker threads. Take it anew for each task: splitting makes new tables. From now on all are whole ones, with room for what threads add. */
  share(): SharedTables {
    for (const { table } of this.#distinct()) if (!table.isWhole) this.#replace(table, table.madeWhole());
    return { version: this.#version, bits: this.#bits, tables: this.#tables.map(({ table }) => table.buffer) };
  }

  /** How many chunks there are, claimed ones among them. */
  get size(): number {
    return this.#distinct().reduce((sum, { table }) => sum + table.rows, 0);
  }

  /** Bytes of memory that are in use. */
  get bytes(): number {
    return this.#distinct().reduce((sum, { table }) => sum + table.bytes, 0);
  }

  has(ids: Uint8Array, at = 0): boolean {
    const id = this.#id.take(ids, at);
    return isThere(this.#tableOf(id), id);
  }

  claim(ids: Uint8Array, at = 0): boolean {
    this.#makeRoom(this.#id.take(ids, at));
    return claimIn(this.#tableOf(this.#id), this.#id);
  }

  /** Where a chunk lies, or `undefined` where it is unknown, or claimed and not settled yet. */
  find(ids: Uint8Array, at = 0): ChunkSpot | undefined {
    const id = this.#id.take(ids, at);
    const table = this.#tableOf(id);
    const row = table?.find(id) ?? -1;
    const frame = row < 0 ? undefined : table?.frames[row];
    if (table === undefined || frame === undefined || frame >= RELEASED) return undefined;
    return { frame, offset: table.offsets[row] ?? 0, length: table.lengths[row] ?? 0 };
  }

  /**
   * Notes where a chunk lies: one that was claimed and is in a pack now, or one that an index tells of. `weakly`
   * leaves one alone that is settled already.
   */
  settle(ids: Uint8Array, at: number, { frame, offset, length }: ChunkSpot, weakly = false): void {
    const id = this.#id.take(ids, at);
    this.#makeRoom(id);
    const table = this.#tableOf(id);
    const found = table?.findOrAdd(id) ?? -1;
    const row = found <= -2 ? -2 - found : found;
    if (weakly && found >= 0 && (table?.frames[row] ?? 0) < RELEASED) return;
    if (table === undefined || row < 0) return; // no room while tasks are under way: it is stored again at worst
    table.offsets[row] = offset;
    table.lengths[row] = length;
    Atomics.store(table.frames, row, frame);
  }

  /** The chunk did not get into a pack: whoever claims it next stores it. One that is settled stays. */
  release(ids: Uint8Array, at = 0): void {
    const id = this.#id.take(ids, at);
    const table = this.#tableOf(id);
    const row = table?.find(id) ?? -1;
    if (row >= 0) table?.release(row);
  }

  /**
   * A number for each chunk, below {@link numbers}, for arrays beside the tables; -1 where it is unknown.
   * Numbers stay only while nothing is added.
   */
  number(ids: Uint8Array, at = 0): number {
    const id = this.#id.take(ids, at);
    const which = id.top(this.#bits);
    const row = this.#tables[which]?.table.find(id) ?? -1;
    return row < 0 ? -1 : which * TABLE_ROWS + row; // a table that has not grown up is the only one
  }

  /** Every id with its number. The words are used again. */
  *entries(): Generator<{ readonly id: IdWords; readonly number: number }> {
    const id = new IdWords();
    for (const [which, { table }] of this.#tables.entries()) {
      if (this.#tables[which - 1]?.table === table) continue;
      for (const row of table.used()) {
        table.id(row, id);
        yield { id, number: id.top(this.#bits) * TABLE_ROWS + row };
      }
    }
  }

  /** All numbers are smaller. */
  get numbers(): number {
    const [first] = this.#tables;
    return this.#tables.length === 1 && first !== undefined ? first.table.capacity : this.#tables.length * TABLE_ROWS;
  }

  /** Splits tables that tasks have filled; to be called between tasks. */
  grow(): void {
    for (const { table } of this.#distinct()) if (table.isFull) this.#enlarge(table);
  }

  #tableOf(id: IdWords): ChunkTable | undefined {
    return this.#tables[id.top(this.#bits)]?.table;
  }

  #makeRoom(id: IdWords): void {
    const table = this.#tableOf(id);
    if (table?.isFull === true) this.#enlarge(table);
  }

  #enlarge(table: ChunkTable): void {
    if (table.isWhole) this.#split(table);
    else this.#replace(table, table.grown());
  }

  #replace(table: ChunkTable, by: ChunkTable): void {
    this.#tables = this.#tables.map((each) => (each.table === table ? { ...each, table: by } : each));
    this.#version += 1;
  }

  /** Two tables instead of one, by one bit more of the ids. */
  #split(table: ChunkTable): void {
    const first = this.#tables.findIndex((each) => each.table === table);
    const { bits } = this.#tables[first] ?? { bits: 0 };
    if (bits === this.#bits) {
      this.#tables = this.#tables.flatMap((each) => [each, each]);
      this.#bits += 1;
    }
    const halves = [ChunkTable.whole(), ChunkTable.whole()] as const;
    const id = new IdWords();
    for (const row of table.used()) {
      table.id(row, id);
      const half = halves[id.top(bits + 1) & 1 ? 1 : 0];
      const added = -2 - half.findOrAdd(id);
      half.frames[added] = Atomics.load(table.frames, row);
      half.offsets[added] = table.offsets[row] ?? 0;
      half.lengths[added] = table.lengths[row] ?? 0;
    }
    this.#tables = this.#tables.map((each, top) => {
      if (each.table !== table) return each;
      return { table: halves[(top >>> (this.#bits - bits - 1)) & 1 ? 1 : 0], bits: bits + 1 };
    });
    this.#version += 1;
  }

  #distinct(): { readonly table: ChunkTable }[] {
    return this.#tables.filter((each, at) => this.#tables[at - 1]?.table !== each.table);
  }
}

function isThere(table: ChunkTable | undefined, id: IdWords): boolean {
  const row = table?.find(id) ?? -1;
  return row >= 0 && table !== undefined && Atomics.load(table.frames, row) !== RELEASED;
}

function claimIn(table: ChunkTable | undefined, id: IdWords): boolean {
  const row = table?.findOrAdd(id) ?? -1;
  if (row < 0 || table === undefined) return true; // new, or no room to note it: then it may be stored twice
  return Atomics.load(table.frames, row) === RELEASED && table.reclaim(row);
}
