import type { Refs } from "../list/refs.ts";
import type { ChunkReader, OpenedChunks } from "./chunks.ts";

/** Something whose content is wanted. */
export interface FeedItem {
  /** The chunks of it, few enough to be in memory at once. */
  readonly refs: Refs;
}

/** Some items, in order, and their content. */
export interface FedBatch<T> {
  readonly items: readonly T[];
  /**
   * An item's chunks, until the next batch is pulled.
   *
   * @param n the item's number in {@link items}
   * @throws CORRUPT, NOT_FOUND
   */
  pieces(n: number): Uint8Array[];
}

/** How far a feed looks ahead. */
export interface FeedLimits {
  /** Frames of so many expanded bytes make a batch. */
  readonly batchBytes: number;
  /** So many batches are in memory or on their way. */
  readonly batches: number;
  /** Whether others go on with the reader when the feed is left early: what is on its way then is waited for. Default: `false`. */
  readonly sharesReader?: boolean;
}

/** So many items make a batch, however small they are. */
const MAX_ITEMS = 500;

/**
 * Reads the chunks that items ask for, batch by batch and in order: while one batch
 * is used, the next ones are fetched, never more than the limits say.
 */
export async function* feedChunks<T extends FeedItem>(
  source: AsyncIterable<readonly T[]>,
  reader: ChunkReader,
  limits: FeedLimits,
): AsyncGenerator<FedBatch<T>> {
  const planner = new BatchPlanner(source, reader, limits.batchBytes);
  const underWay: Promise<Opened<T>>[] = [];
  let ended = false;
  try {
    for (;;) {
      while (!ended && underWay.length < limits.batches) {
        const opening = await planner.next();
        if (opening === null) ended = true;
        else underWay.push(opening.promise);
      }
      const oldest = underWay.shift();
      if (oldest === undefined) return;
      const { batch, chunks } = await oldest;
      try {
        yield batch;
      } finally {
        chunks.release();
      }
    }
  } finally {
    await planner.close();
    if (underWay.length > 0 && limits.sharesReader !== true) reader.stop(); // nobody wants it any more
    for (const opened of await Promise.allSettled(underWay)) {
      if (opened.status === "fulfilled") opened.value.chunks.release();
    }
  }
}

interface Opened<T> {
  readonly batch: FedBatch<T>;
  readonly chunks: OpenedChunks;
}

/** Cuts items into batches, and begins to fetch each. */
class BatchPlanner<T extends FeedItem> {
  readonly #source: AsyncIterator<readonly T[]>;
  readonly #reader: ChunkReader;
  readonly #batchBytes: number;
  #left: readonly T[] = [];
  #at = 0;

  constructor(source: AsyncIterable<readonly T[]>, reader: ChunkReader, batchBytes: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#reader = reader;
    this.#batchBytes = batchBytes;
  }

  /** The next batch on its way, in an object: a promise alone would be waited for. `null` at the end. */
  async next(): Promise<{ readonly promise: Promise<Opened<T>> } | null> {
    const items: T[] = [];
    const starts: number[] = [];
    const wanted = await this.#reader.batch();
    try {
      while (items.length < MAX_ITEMS && wanted.bytes < this.#batchBytes) {
        const item = await this.#take();
        if (item === undefined) break;
        starts.push(wanted.add(item.refs));
        items.push(item);
      }
    } catch (error) {
      wanted.release();
      throw error;
    }
    if (items.length === 0) return null;
    const promise = this.#reader.open(wanted).then((chunks) => ({ chunks, batch: fedBatch(items, starts, chunks) }));
    promise.catch(() => undefined); // it is awaited in its turn
    return { promise };
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }

  async #take(): Promise<T | undefined> {
    while (this.#at >= this.#left.length) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#left = next.value;
      this.#at = 0;
    }
    return this.#left[this.#at++];
  }
}

function fedBatch<T extends FeedItem>(
  items: readonly T[],
  starts: readonly number[],
  chunks: OpenedChunks,
): FedBatch<T> {
  return {
    items,
    pieces(n) {
      const start = starts[n] ?? 0;
      return Array.from({ length: items[n]?.refs.count ?? 0 }, (_, index) => chunks.bytes(start + index));
    },
  };
}
