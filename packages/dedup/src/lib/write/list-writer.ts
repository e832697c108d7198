import { createBlockCut } from "../list/block-cut.ts";
import { BlockEncoder } from "../list/encode-block.ts";
import { BodyBuilder } from "../list/references.ts";
import type { Body } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import type { PreviousBlock, PreviousRow } from "./previous.ts";

/** Stores a chunk of a list, and answers its id. The chunk's memory may move. */
export type StoreChunk = (chunk: Uint8Array) => Promise<Uint8Array>;

/** So many blocks are on their way at once. */
const UNDER_WAY = 4;

/**
 * Makes an entry list of rows in their order: its blocks, and the root above them. A block all of whose rows are
 * those of a block of the previous list is that block: it is not made anew. Nor is the root where all of them are.
 */
export class ListWriter {
  readonly #store: StoreChunk;
  readonly #cut: ReturnType<typeof createBlockCut>;
  readonly #block = new BlockEncoder();
  readonly #previous: Body | null;
  #underWay: { readonly length: number; readonly id: Promise<Uint8Array> }[] = [];
  /** The block of the previous list whose first rows came one after the other, so that it may be taken over. */
  #held: { readonly block: PreviousBlock; rows: number } | null = null;
  /** The blocks so far, as long as they are the first ones of the previous list. */
  #same: { readonly length: number; readonly id: Uint8Array }[] | null = [];
  readonly #root: BodyBuilder;

  /**
   * @param gear the table of docs/spec/dedup.md, "Chunking"
   * @param previous the root of the previous list, where there is one
   */
  constructor(gear: Uint32Array, store: StoreChunk, previous: Body | null = null) {
    this.#store = store;
    this.#cut = createBlockCut(gear);
    this.#previous = previous;
    this.#root = new BodyBuilder(store);
  }

  /** Adds a row; a promise only where a block has to be waited for. @param same the row of the previous list, where it is equal */
  add(row: ListRow, same: PreviousRow | null = null): Promise<void> | undefined {
    const held = this.#held;
    if (held !== null) {
      if (same?.block === held.block && same.at === held.rows) {
        held.rows += 1;
        return this.#isWhole(held) && !held.block.last ? this.#takeOver(held.block) : undefined;
      }
      return this.#release(row, same);
    }
    if (same !== null && same.at === 0 && this.#block.rows === 0) {
      this.#held = { block: same.block, rows: 1 };
      return this.#isWhole(this.#held) && !same.block.last ? this.#takeOver(same.block) : undefined;
    }
    return this.#encode(row);
  }

  /** The list's root. */
  async end(): Promise<Body> {
    const held = this.#held;
    if (held !== null && this.#isWhole(held)) {
      await this.#takeOver(held.block);
      if (this.#previous !== null && this.#same !== null && held.block.last) return this.#previous;
    } else if (held !== null) await this.#encodeHeld();
    if (this.#block.rows > 0) await this.#endBlock();
    await this.#diverge();
    while (this.#underWay.length > 0) await this.#next();
    return this.#root.end();
  }

  #isWhole({ block, rows }: { readonly block: PreviousBlock; readonly rows: number }): boolean {
    return rows === block.rows.length;
  }

  async #takeOver({ number, length, id }: PreviousBlock): Promise<void> {
    this.#held = null;
    if (number === this.#same?.length) this.#same.push({ length, id });
    else await this.#push(length, Promise.resolve(id));
  }

  /** What was held is no block of the previous list after all. */
  async #release(row: ListRow, same: PreviousRow | null): Promise<void> {
    await this.#encodeHeld();
    const added = this.add(row, same);
    if (added !== undefined) await added;
  }

  async #encodeHeld(): Promise<void> {
    const held = this.#held;
    this.#held = null;
    for (const row of held?.block.rows.slice(0, held.rows) ?? []) {
      const ended = this.#encode(row);
      if (ended !== undefined) await ended;
    }
  }

  #encode(row: ListRow): Promise<void> | undefined {
    const { path, weight } = this.#block.add(row);
    return this.#cut.endsAfter(path, weight) ? this.#endBlock() : undefined;
  }

  async #endBlock(): Promise<void> {
    const chunk = this.#block.take();
    const { length } = chunk;
    await this.#push(length, this.#store(chunk));
  }

  async #push(length: number, id: Promise<Uint8Array>): Promise<void> {
    id.catch(() => undefined); // #next() reports it
    await this.#diverge();
    this.#underWay.push({ length, id });
    while (this.#underWay.length > UNDER_WAY) await this.#next();
  }

  /** From here on it is another list than the previous one. */
  async #diverge(): Promise<void> {
    const same = this.#same ?? [];
    this.#same = null;
    for (const { length, id } of same) await this.#root.add(length, id);
  }

  async #next(): Promise<void> {
    const first = this.#underWay.shift();
    if (first !== undefined) await this.#root.add(first.length, await first.id);
  }
}
