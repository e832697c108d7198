import type { AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import { decodeReferences } from "../list/references.ts";
import type { Body, Refs } from "../list/refs.ts";
import type { ChunkReader } from "../read/chunks.ts";
import { isDamage } from "../read/read-errors.ts";
import { Turns } from "../turns.ts";
import { blockBodies } from "./block-bodies.ts";

/**
 * What an opened chunk of a list is: 0 a block, 1–4 references of that depth to content,
 * 5–8 references of depth 1–4 to blocks.
 */
export type ListLevel = number;

/** What is told of everything that a part needs. An id is 32 bytes, at `at` in `ids`. */
export interface ReachVisitor {
  /** A chunk that is needed. A chunk may be told again. */
  chunk(ids: Uint8Array, at: number): void;
  /** Whether a chunk of a list, told before, is to be opened. */
  opens(ids: Uint8Array, at: number, level: ListLevel): boolean;
  /** A chunk of a list that can't be opened: what it refers to is not known. */
  failed(ids: Uint8Array, at: number, error: LifeboatError): void;
}

/** Of blocks so many bytes are opened together. */
const BATCH_BYTES = 4 << 20;

/** Levels of references to blocks lie above those of references to content. */
const BLOCK_REFERENCES = 4;

interface Wanted {
  readonly id: Uint8Array;
  readonly level: ListLevel;
  readonly length: number;
}

/** Finds everything that a part's list refers to, from its root; chunks of lists are opened in batches. */
export async function reach(
  root: Body,
  lists: ChunkReader,
  visitor: ReachVisitor,
  { signal }: AbortOptions = {},
): Promise<void> {
  const turns = new Turns();
  /** To be opened, the last first: so what is waiting never grows much. */
  const waiting: Wanted[] = [];

  function want(refs: Refs, levelBelow: ListLevel | null): void {
    for (let n = 0; n < refs.count; n++) {
      const at = n * ID_BYTES;
      visitor.chunk(refs.ids, at);
      if (levelBelow === null || !visitor.opens(refs.ids, at, levelBelow)) continue;
      waiting.push({ id: refs.ids.slice(at, at + ID_BYTES), level: levelBelow, length: refs.lengths[n] ?? 0 });
    }
  }

  function take(chunk: Uint8Array, { level, length }: Wanted): void {
    if (level === 0) {
      for (const { depth, count, lengths, ids } of blockBodies(chunk))
        want({ count, lengths, ids }, depth === 0 ? null : depth);
    } else if (level <= BLOCK_REFERENCES) {
      want(decodeReferences(chunk, level, length), level === 1 ? null : level - 1);
    } else {
      const depth = level - BLOCK_REFERENCES;
      want(decodeReferences(chunk, depth, length), depth === 1 ? 0 : level - 1);
    }
  }

  want(root.refs, root.depth === 0 ? 0 : root.depth + BLOCK_REFERENCES);
  while (waiting.length > 0) {
    signal?.throwIfAborted();
    const batch = await lists.batch();
    const wanted: Wanted[] = [];
    while (waiting.length > 0 && batch.bytes < BATCH_BYTES) {
      const next = waiting.pop();
      if (next === undefined) break;
      batch.addOne(next.id, undefined);
      wanted.push(next);
    }
    const opened = await lists.open(batch);
    try {
      for (const [n, each] of wanted.entries()) {
        try {
          take(opened.bytes(n), each);
        } catch (error) {
          if (!isDamage(error)) throw error;
          visitor.failed(each.id, 0, error);
        }
        if (turns.isOver()) await turns.next();
      }
    } finally {
      opened.release();
    }
  }
}
