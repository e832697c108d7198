import type { AbortOptions, BodyOptions, ReadOptions, RestoredEntry, TargetFile, WorkDone } from "@lifeboat/contracts";
import { AloneBody } from "./alone-body.ts";
import { type FedBatch, type FeedLimits, feedChunks } from "./chunk-feed.ts";
import type { ChunkReader } from "./chunks.ts";
import type { ContentItem } from "./content-items.ts";
import { readTwice, tooLate } from "./read-errors.ts";

const MIB = 1024 * 1024;

/** Some 16 MiB of expanded frames in memory or on their way. */
export const CONTENT_LIMITS: FeedLimits = { batchBytes: 4 * MIB, batches: 4 };

/** Entries with their content, in the order they were backed up. */
export async function* readPart(
  items: AsyncIterable<readonly ContentItem[]>,
  reader: ChunkReader,
  { signal, onProgress }: Pick<ReadOptions, "signal" | "onProgress">,
): AsyncGenerator<RestoredEntry> {
  const feed = feedChunks(items, reader, CONTENT_LIMITS);
  const done: { -readonly [K in keyof WorkDone]: WorkDone[K] } = { entries: 0, bytes: 0, storedBytes: 0 };
  const advance = (bytes: number) => {
    done.bytes += bytes;
    done.storedBytes = reader.bytesRead;
    onProgress?.({ ...done });
  };
  const fed = new FedItems(feed);
  try {
    while (await fed.next()) {
      signal?.throwIfAborted();
      const { entry, last, content } = fed.item;
      done.entries += 1;
      if (content !== undefined) {
        const alone = new AloneBody(entry, content, reader, advance);
        yield Object.assign(entry, {
          open: (how?: BodyOptions) => alone.open(how),
          writeTo: (file: TargetFile, how?: AbortOptions) => alone.writeTo(file, how),
        });
        alone.pass();
      } else if (last) {
        yield smallEntry(fed);
        advance(entry.size);
      } else {
        const body = new LargeBody(fed, advance);
        yield Object.assign(entry, { open: (how?: BodyOptions) => body.open(how) });
        await body.skip();
      }
    }
  } finally {
    await feed.return(undefined);
  }
}

/** The items of a feed, one after the other. */
class FedItems {
  readonly #feed: AsyncIterator<FedBatch<ContentItem>>;
  #batch: FedBatch<ContentItem> | null = null;
  #at = -1;
  /** Grows with every item: an entry whose number is past has lost its content. */
  turn = 0;

  constructor(feed: AsyncIterator<FedBatch<ContentItem>>) {
    this.#feed = feed;
  }

  /** Goes on to the next item, if there is one. */
  async next(): Promise<boolean> {
    this.turn += 1;
    this.#at += 1;
    while (this.#batch === null || this.#at >= this.#batch.items.length) {
      const next = await this.#feed.next();
      if (next.done === true) return false;
      this.#batch = next.value;
      this.#at = 0;
    }
    return true;
  }

  get item(): ContentItem {
    const item = this.#batch?.items[this.#at];
    if (item === undefined) throw new RangeError("There is no item before the first or after the last.");
    return item;
  }

  /**
   * The current item's content, which stays until the next one is asked for.
   *
   * @throws CORRUPT, NOT_FOUND
   */
  pieces(): Uint8Array[] {
    return this.#batch?.pieces(this.#at) ?? [];
  }
}

/** The item's own entry becomes the one that is handed out: nobody else has it. */
function smallEntry(items: FedItems): RestoredEntry {
  const { turn } = items;
  const { entry } = items.item;
  const pieces = () => {
    if (items.turn !== turn) throw tooLate(entry.path);
    return items.pieces();
  };
  async function* open({ reuse = false }: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    for (const bytes of pieces()) {
      if (items.turn !== turn) throw tooLate(entry.path);
      yield reuse ? bytes : bytes.slice();
    }
  }
  if (entry.type !== "file") return Object.assign(entry, { open });
  const copyTo = (target: Uint8Array) => {
    let at = 0;
    for (const bytes of pieces()) {
      if (at < target.length) target.set(bytes.subarray(0, target.length - at), at);
      at += bytes.length;
    }
    return at;
  };
  return Object.assign(entry, { open, copyTo });
}

/** The content of a large entry: the next items of the feed, up to its last. */
class LargeBody {
  readonly #items: FedItems;
  readonly #path: string;
  readonly #advance: (bytes: number) => void;
  #state: "whole" | "opened" | "past" = "whole";

  constructor(items: FedItems, advance: (bytes: number) => void) {
    this.#items = items;
    this.#path = items.item.entry.path;
    this.#advance = advance;
  }

  async *open({ reuse = false }: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    if (this.#state === "past") throw tooLate(this.#path);
    if (this.#state === "opened") throw readTwice(this.#path);
    this.#state = "opened";
    do {
      for (const bytes of this.#items.pieces()) {
        this.#advance(bytes.length);
        yield reuse ? bytes : bytes.slice();
        if (this.#hasEnded) throw tooLate(this.#path);
      }
    } while (await this.#next());
  }

  /** Goes past what was not read. */
  async skip(): Promise<void> {
    while (await this.#next());
    this.#state = "past";
  }

  get #hasEnded(): boolean {
    return this.#state === "past";
  }

  /** Goes on to the next item of the entry; `false` after the last. */
  async #next(): Promise<boolean> {
    return !this.#items.item.last && (await this.#items.next());
  }
}
