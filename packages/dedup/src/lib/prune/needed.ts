import type { LifeboatError } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
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
  /** Needed chunks that the index does not have, by their ids as text; `true` for those that an earlier one had. */
  readonly #unplaced = new Map<string, boolean>();
  #vanished = false;

  /** @param index one that does not grow any more, since its numbers must stay */
  constructor(index: SiteIndex) {
    this.index = index;
    this.#flags = new Uint16Array(index.tables.numbers);
  }

  /** Whether something is needed that an earlier look has found in a pack, and this one in none. */
  get hasVanished(): boolean {
    return this.#vanished;
  }

  /** The same needs, by the numbers of another index. What that one does not have is needed still. */
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
      if (there < 0) {
        if ((flags & NEEDED) !== 0) moved.#miss(textOf(id.bytes), true);
        continue;
      }
      moved.#flags[there] = flags;
      const failure = this.#failures.get(number);
      if (failure !== undefined) moved.#failures.set(there, failure);
    }
    for (const [text, wasThere] of this.#unplaced) {
      const there = index.tables.number(Buffer.from(text, "latin1"));
      if (there < 0) moved.#miss(text, wasThere);
      else moved.#flags[there] = (moved.#flags[there] ?? 0) | NEEDED;
    }
    return moved;
  }

  #miss(text: string, wasThere: boolean): void {
    this.#unplaced.set(text, wasThere || this.#unplaced.get(text) === true);
    this.#vanished ||= wasThere;
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
      chunk: (ids, at) => {
        const number = tables.number(ids, at);
        if (number < 0) {
          missing += 1;
          this.#miss(textOf(ids, at), false); // a later look may find it
        } else flags[number] = (flags[number] ?? 0) | NEEDED;
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

function textOf(ids: Uint8Array, at = 0): string {
  return Buffer.from(ids.buffer, ids.byteOffset + at, ID_BYTES).toString("latin1");
}
