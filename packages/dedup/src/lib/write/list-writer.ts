import { createBlockCut } from "../list/block-cut.ts";
import { BlockEncoder } from "../list/encode-block.ts";
import { BodyBuilder } from "../list/references.ts";
import type { Body } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";

/** Stores a chunk of a list, and answers its id. The chunk's memory may move. */
export type StoreChunk = (chunk: Uint8Array) => Promise<Uint8Array>;

/** So many blocks are on their way at once. */
const UNDER_WAY = 4;

/** Makes an entry list of rows in their order: its blocks, and the root above them. */
export class ListWriter {
  readonly #store: StoreChunk;
  readonly #cut: ReturnType<typeof createBlockCut>;
  readonly #block = new BlockEncoder();
  readonly #root: BodyBuilder;
  readonly #underWay: { readonly length: number; readonly id: Promise<Uint8Array> }[] = [];

  /** @param gear the table of docs/spec/dedup.md, "Chunking" */
  constructor(gear: Uint32Array, store: StoreChunk) {
    this.#store = store;
    this.#cut = createBlockCut(gear);
    this.#root = new BodyBuilder(store);
  }

  /** Adds a row; a promise only where a block has to be waited for. */
  add(row: ListRow): Promise<void> | undefined {
    const { path, weight } = this.#block.add(row);
    return this.#cut.endsAfter(path, weight) ? this.#endBlock() : undefined;
  }

  /** The list's root. */
  async end(): Promise<Body> {
    if (this.#block.rows > 0) await this.#endBlock();
    while (this.#underWay.length > 0) await this.#next();
    return this.#root.end();
  }

  async #endBlock(): Promise<void> {
    const chunk = this.#block.take();
    const { length } = chunk;
    const id = this.#store(chunk);
    id.catch(() => undefined); // #next() reports it
    this.#underWay.push({ length, id });
    if (this.#underWay.length > UNDER_WAY) await this.#next();
  }

  async #next(): Promise<void> {
    const first = this.#underWay.shift();
    if (first !== undefined) await this.#root.add(first.length, await first.id);
  }
}
