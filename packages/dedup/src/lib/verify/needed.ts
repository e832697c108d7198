import type { CheckOptions, LifeboatError, PartInfo } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import { chunksOfBody } from "../list/references.ts";
import type { Body, Refs } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { limited, listRows } from "../read/list-rows.ts";
import { isDamage } from "../read/read-errors.ts";
import type { Reading } from "../read/reading.ts";
import { entryOf } from "../read/row-entry.ts";
import { Turns } from "../turns.ts";
import { problemOf } from "./problems.ts";
import type { CheckedIndex } from "./verify-index.ts";

/** A part whose list is gone through. */
export interface ListedPart {
  readonly part: Pick<PartInfo, "source" | "counts" | "size">;
  readonly root: Body;
}

/** Gathers what a backup needs, and tells what of it is in no pack that is there. */
export class Needs {
  /** The packs that hold what is needed. */
  readonly packs = new Set<PackFrames>();
  entries = 0;
  readonly #index: CheckedIndex;
  readonly #reading: Reading;
  readonly #options: CheckOptions;

  constructor(index: CheckedIndex, reading: Reading, options: CheckOptions) {
    this.#index = index;
    this.#reading = reading;
    this.#options = options;
  }

  /** Goes through a part's list. */
  async gather({ part, root }: ListedPart): Promise<void> {
    const { onProblem, signal, select } = this.#options;
    const { source } = part;
    const turns = new Turns();
    let damaged = false;
    const onDamaged = (error: LifeboatError) => {
      damaged = true;
      onProblem(problemOf(error, { source }));
    };
    const needList = (id: Uint8Array) => this.#needList(id, source);
    const rows = listRows(root, this.#reading.lists, { onDamaged, onChunk: needList });
    try {
      for await (const block of limited(rows, part)) {
        signal?.throwIfAborted();
        for (const row of block) {
          if (select === undefined || select(entryOf(row))) await this.#needRow(row, source);
          if (turns.isOver()) await turns.next();
        }
      }
    } catch (error) {
      if (!isDamage(error)) throw error;
      if (!damaged) onProblem(problemOf(error, { source })); // else it is only that entries are missing
    }
  }

  async #needRow(row: ListRow, source: string): Promise<void> {
    const { path, body } = row;
    this.entries += 1;
    try {
      if (body.depth === 0) this.#needContent(body.refs);
      else for await (const refs of this.#contentOf(body, source)) this.#needContent(refs);
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.#options.onProblem(problemOf(error, { source, path }));
    }
  }

  #contentOf(body: Body, source: string): AsyncIterable<Refs> {
    return chunksOfBody(body, (id) => {
      this.#needList(id, source);
      return this.#reading.lists.one(id);
    });
  }

  /** @throws why the first chunk that can't be had is so */
  #needContent({ count, ids }: Refs): void {
    let missing: LifeboatError | undefined;
    for (let n = 0; n < count; n++) {
      const pack = this.#index.good.find(ids, n * ID_BYTES)?.pack;
      if (pack !== undefined) this.packs.add(pack);
      else missing ??= this.#index.reason(ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES));
    }
    if (missing !== undefined) throw missing;
  }

  #needList(id: Uint8Array, source: string): void {
    const pack = this.#index.good.find(id)?.pack;
    if (pack !== undefined) this.packs.add(pack);
    else this.#options.onProblem(problemOf(this.#index.reason(id), { source }));
  }
}
