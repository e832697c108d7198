import { type AbortOptions, isLifeboatError, type Manifest, type PartInfo } from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import type { Body } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import type { ChunkReader } from "../read/chunks.ts";
import { listBlocks } from "../read/list-rows.ts";
import { openPartObject } from "../read/open-part.ts";
import { isDamage } from "../read/read-errors.ts";
import { comparePaths } from "./path-order.ts";

/** So many backups are looked at for a part of the source that can be read. */
const MAX_LOOKED_AT = 16;

/** A source's part in an older backup. */
export interface PreviousPart {
  readonly id: string;
  readonly part: PartInfo;
  readonly root: Body;
  /** Packs that the list lay in, by their ids in hex. */
  readonly packs: readonly string[];
}

/** Finds the parts of older backups. */
export interface PreviousParts {
  /** The newest part of a source that can be read, or `null`. */
  find(source: string, options: AbortOptions): Promise<PreviousPart | null>;
}

/** W4 of docs/spec/dedup.md, "Writing": backups are listed and read when first one is asked for. */
export function previousParts({ context, key }: DedupSite, manifests: Manifests): PreviousParts {
  const { storage, siteId } = context;
  let ids: Promise<readonly string[]> | undefined;
  const read = new Map<string, Promise<Manifest | null>>();

  async function list(options: AbortOptions): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { id, complete } of manifests.list(options)) if (complete) found.push(id);
    return found.sort().reverse();
  }

  function manifestOf(id: string, options: AbortOptions): Promise<Manifest | null> {
    const known = read.get(id) ?? manifests.manifest(id, options).catch(unlessDamaged);
    read.set(id, known);
    return known;
  }

  return {
    async find(source, options) {
      ids ??= list(options);
      for (const id of (await ids).slice(0, MAX_LOOKED_AT)) {
        const part = (await manifestOf(id, options))?.parts.find((each) => each.source === source);
        if (part === undefined) continue;
        const object = await openPartObject({ storage, key, siteId, id }, part, options).catch(unlessDamaged);
        if (object !== null) return { id, part, root: object.list, packs: object.list.packs };
      }
      return null;
    },
  };
}

/** What is damaged or gone is no previous backup; a verification tells of it. */
function unlessDamaged(error: unknown): null {
  if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) return null;
  throw error;
}

/** A block of the previous list. */
export interface PreviousBlock {
  /** Its number in the list. */
  readonly number: number;
  readonly id: Uint8Array;
  readonly length: number;
  readonly rows: readonly ListRow[];
  /** Whether the list ends with it: then something else than its rows may have ended it. */
  readonly last: boolean;
}

/** A row of the previous list, and where it stood. */
export interface PreviousRow {
  readonly row: ListRow;
  readonly block: PreviousBlock;
  /** Its number in the block. */
  readonly at: number;
}

/** Goes through the previous list, a block at a time, side by side with a walk. */
export class PreviousRows {
  readonly #blocks: AsyncGenerator<PreviousBlock>;
  #block: PreviousBlock | null = null;
  #at = 0;
  #ended = false;

  constructor(root: Body, lists: ChunkReader) {
    this.#blocks = previousBlocks(root, lists);
  }

  /** The row with this path, unless the walk has passed it; a promise only where a block has to be read. */
  find(path: string): PreviousRow | null | Promise<PreviousRow | null> {
    const block = this.#block;
    if (block !== null) {
      for (; this.#at < block.rows.length; this.#at++) {
        const row = block.rows[this.#at];
        if (row === undefined) break;
        if (row.path === path) return { row, block, at: this.#at++ };
        if (comparePaths(row.path, path) > 0) return null;
      }
    }
    return this.#ended ? null : this.#findFurther(path);
  }

  async close(): Promise<void> {
    this.#ended = true;
    this.#block = null;
    await this.#blocks.return(undefined);
  }

  async #findFurther(path: string): Promise<PreviousRow | null> {
    const next = await this.#blocks.next();
    if (next.done === true) {
      this.#ended = true;
      this.#block = null;
      return null;
    }
    this.#block = next.value;
    this.#at = 0;
    return this.find(path);
  }
}

/** The blocks as far as they can be read: what comes after is backed up anew. */
async function* previousBlocks(root: Body, lists: ChunkReader): AsyncGenerator<PreviousBlock> {
  let held: Omit<PreviousBlock, "last"> | null = null;
  let number = 0;
  let whole = true;
  try {
    for await (const { id, length, rows } of listBlocks(root, lists)) {
      if (held !== null) yield { ...held, last: false };
      held = { number: number++, id, length, rows };
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    whole = false;
  }
  if (held !== null) yield { ...held, last: whole };
}
