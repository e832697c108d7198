import type { LifeboatError } from "@lifeboat/contracts";
import type { SiteIndex } from "../index/site-index.ts";
import type { ListLevel, ReachVisitor } from "../reach/reach.ts";
import { Turns } from "../turns.ts";

const NEEDED = 1;
/** After so many chunks it is looked at the clock. */
const LOOK_EVERY = 1000;

/** What one walk through a part came upon. */
export interface PartNeeds extends ReachVisitor {
  /** Chunks that no pack has. */
  missing(): number;
  /** Why a chunk of its list could not be opened, if one could not. */
  failure(): LifeboatError | null;
}

/**
 * Which chunks of a site are needed: some bits for each, by its number in the index. A chunk of a list is opened
 * once for all parts that share it; where it could not be, that is told of each of them.
 */
export class NeededChunks {
  readonly index: SiteIndex;
  readonly #flags: Uint16Array;
  /** By number: a chunk of a list that could not be opened. */
  readonly #failures = new Map<number, LifeboatError>();

  /** @param index one that does not grow any more, since its numbers must stay */
  constructor(index: SiteIndex) {
    this.index = index;
    this.#flags = new Uint16Array(index.tables.numbers);
  }

  /** The same needs, by the numbers of another index. What that one does not have is left out. */
  async movedTo(index: SiteIndex): Promise<NeededChunks> {
    const moved = new NeededChunks(index);
    const turns = new Turns();
    let count = 0;
    for (const { id, number } of this.index.tables.entries()) {
      count += 1;
      if (count % LOOK_EVERY === 0 && turns.isOver()) await turns.next();
      const flags = this.#flags[number] ?? 0;
      if (flags === 0) continue;
      const there = index.tables.number(id.bytes);
      if (there < 0) continue;
      moved.#flags[there] = flags;
      const failure = this.#failures.get(number);
      if (failure !== undefined) moved.#failures.set(there, failure);
    }
    return moved;
  }

  /** @param number of the chunk in the index */
  has(number: number): boolean {
    return number >= 0 && ((this.#flags[number] ?? 0) & NEEDED) !== 0;
  }

  /** Notes what a part needs. */
  visitor(): PartNeeds {
    const { tables } = this.index;
    const flags = this.#flags;
    let missing = 0;
    let failure: LifeboatError | null = null;
    return {
      missing: () => missing,
      failure: () => failure,
      chunk(ids, at) {
        const number = tables.number(ids, at);
        if (number < 0) missing += 1;
        else flags[number] = (flags[number] ?? 0) | NEEDED;
      },
      opens: (ids, at, level: ListLevel) => {
        const number = tables.number(ids, at);
        if (number < 0) return true; // where it can't be read either, that is told
        failure ??= this.#failures.get(number) ?? null;
        const flag = NEEDED << (1 + level);
        if (((flags[number] ?? 0) & flag) !== 0) return false;
        flags[number] = (flags[number] ?? 0) | flag;
        return true;
      },
      failed: (ids, at, error) => {
        failure ??= error;
        const number = tables.number(ids, at);
        if (number >= 0) this.#failures.set(number, error);
      },
    };
  }
}
