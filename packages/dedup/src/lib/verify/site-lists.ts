import { setImmediate as nextTurn } from "node:timers/promises";
import type { AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import { decodeBlock } from "../list/decode-block.ts";
import { decodeReferences } from "../list/references.ts";
import { type Body, type Refs, refId } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { type FeedItem, feedChunks } from "../read/chunk-feed.ts";
import type { ChunkReader } from "../read/chunks.ts";
import { LIST_LIMITS, otherThan } from "../read/list-rows.ts";
import { isDamage } from "../read/read-errors.ts";
import type { ListedPart } from "./needed.ts";

/** Why a chunk can't be had, or `undefined`. An id is 32 bytes, at `at` in `ids`. */
export type JudgeChunk = (ids: Uint8Array, at: number) => LifeboatError | undefined;

/** What lists are gone through with. */
export interface SiteListTools extends AbortOptions {
  readonly lists: ChunkReader;
  /** A number for each chunk that is indexed, other than those of all others; -1 where it is not. */
  readonly number: (ids: Uint8Array, at: number) => number;
  readonly judge: JudgeChunk;
}

/** So many milliseconds of work are done before others get their turn. */
const TURN_MS = 5;

/** What is wrong in a part: with an entry, or with its list. */
export type TellProblem = (error: LifeboatError, path?: string) => Promise<void>;

/** A block in which nothing is wrong. */
interface Sound {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Goes through the lists of many backups. A block, and a chunk of references, that several of them have is looked at once,
 * unless something is wrong with what it needs: then it is told for each backup.
 */
export class SiteLists {
  readonly #tools: SiteListTools;
  readonly #blocks = new Map<number, Sound>();
  /** Bytes of content beneath reference chunks that are sound, by their numbers and depths. */
  readonly #references = new Map<number, number>();

  constructor(tools: SiteListTools) {
    this.#tools = tools;
  }

  /** Goes through one part; answers how many rows and bytes were there. */
  async check({ part, root }: ListedPart, tell: TellProblem): Promise<Sound> {
    const { lists, signal } = this.#tools;
    const found = { rows: 0, bytes: 0, isWhole: true };
    const blocks = this.#unknown(root, found, tell);
    let turn = performance.now();
    for await (const batch of feedChunks(blocks, lists, LIST_LIMITS)) {
      for (const [n, { refs, number }] of batch.items.entries()) {
        if (performance.now() - turn >= TURN_MS) {
          await nextTurn();
          turn = performance.now();
        }
        signal?.throwIfAborted();
        try {
          const before = found.rows;
          const own = { rows: 0, bytes: 0, isSound: number >= 0 };
          for (const piece of batch.pieces(n)) await this.#rows(decodeBlock(piece), own, tell);
          found.rows = before + own.rows;
          found.bytes += own.bytes;
          if (own.isSound) this.#blocks.set(number, { rows: own.rows, bytes: own.bytes });
        } catch (error) {
          if (!isDamage(error)) throw error;
          found.isWhole = false;
          await tell(this.#tools.judge(refs.ids, 0) ?? error);
        }
      }
    }
    const { counts, size } = part;
    const promised = counts.files + counts.directories + counts.links;
    if (found.isWhole && (found.rows !== promised || found.bytes !== size))
      await tell(otherThan(part, `${found.rows} entries and ${found.bytes} bytes`));
    return found;
  }

  /** The blocks that have to be looked at; the others are counted. */
  async *#unknown(
    root: Body,
    found: { rows: number; bytes: number; isWhole: boolean },
    tell: TellProblem,
  ): AsyncGenerator<readonly BlockItem[]> {
    const { number: numberOf, judge } = this.#tools;
    const bodies: Body[] = [root];
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) {
      const { depth, refs } = body;
      const items: BlockItem[] = [];
      for (let n = refs.count - 1; n >= 0 && depth > 0; n--) {
        const below = await this.#open(refs, n, depth);
        if ("refs" in below) bodies.push(below);
        else {
          found.isWhole = false;
          await tell(below);
        }
      }
      for (let n = 0; n < refs.count && depth === 0; n++) {
        const number = numberOf(refs.ids, n * ID_BYTES);
        const known = this.#blocks.get(number);
        const problem = known === undefined ? judge(refs.ids, n * ID_BYTES) : undefined;
        if (known !== undefined) {
          found.rows += known.rows;
          found.bytes += known.bytes;
        } else if (problem === undefined) {
          items.push({ number, refs: { count: 1, lengths: [refs.lengths[n] ?? 0], ids: refId(refs, n) } });
        } else {
          found.isWhole = false;
          await tell(problem);
        }
      }
      if (items.length > 0) yield items;
    }
  }

  async #rows(
    rows: readonly ListRow[],
    own: { rows: number; bytes: number; isSound: boolean },
    tell: TellProblem,
  ): Promise<void> {
    for (const { path, body, size } of rows) {
      own.rows += 1;
      own.bytes += size;
      const problem = body.depth === 0 ? this.#content(body.refs) : await this.#body(body);
      if (problem === undefined) continue;
      own.isSound = false;
      await tell(problem, path);
    }
  }

  /** Why the first chunk that can't be had is so. */
  #content({ count, ids }: Refs): LifeboatError | undefined {
    for (let n = 0; n < count; n++) {
      const problem = this.#tools.judge(ids, n * ID_BYTES);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  async #body({ depth, refs }: Body): Promise<LifeboatError | undefined> {
    if (depth === 0) return this.#content(refs);
    for (let n = 0; n < refs.count; n++) {
      const length = refs.lengths[n] ?? 0;
      const number = this.#tools.number(refs.ids, n * ID_BYTES);
      const key = number * 8 + depth;
      if (number >= 0 && this.#references.get(key) === length) continue;
      const below = await this.#open(refs, n, depth);
      const problem = "refs" in below ? await this.#body(below) : below;
      if (problem !== undefined) return problem;
      if (number >= 0) this.#references.set(key, length);
    }
    return undefined;
  }

  /** What a reference chunk refers to, or why it can't be had. */
  async #open(refs: Refs, n: number, depth: number): Promise<Body | LifeboatError> {
    const problem = this.#tools.judge(refs.ids, n * ID_BYTES);
    if (problem !== undefined) return problem;
    try {
      const chunk = await this.#tools.lists.one(refId(refs, n));
      return { depth: depth - 1, refs: decodeReferences(chunk, depth, refs.lengths[n] ?? 0) };
    } catch (error) {
      if (!isDamage(error)) throw error;
      return error;
    }
  }
}

interface BlockItem extends FeedItem {
  readonly number: number;
}
