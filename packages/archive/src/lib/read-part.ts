import {
  type EntryInfo,
  LifeboatError,
  type PartInfo,
  type ReadOptions,
  type RestoredEntry,
} from "@lifeboat/contracts";
import { badLayout, type PartLayout } from "./part-layout.ts";
import type { IndexRow } from "./rows.ts";
import { type FedItem, feedSegments } from "./segment-feed.ts";
import type { PartThreads } from "./segment-line.ts";
import { planSteps } from "./segment-steps.ts";
import type { StoredReader } from "./stored-reader.ts";

/** What a part is read with. */
export interface PartReading {
  readonly layout: PartLayout;
  readonly threads: PartThreads;
  readonly part: PartInfo;
  /** One reader for the index, one for the data. */
  readonly reader: StoredReader;
  readonly rows: AsyncIterable<IndexRow>;
}

/** Entries with their content, in the order they were backed up. */
export async function* readPart(reading: PartReading, options: ReadOptions): AsyncGenerator<RestoredEntry> {
  const { layout, threads, part, reader } = reading;
  const { signal, select, onProgress } = options;
  const rows = selected(limited(reading.rows, part, layout), select);
  const steps = planSteps(layout, rows, select === undefined);
  const feed = feedSegments(steps, { layout, reader, threads, keep: true, signal, stopAtDamage: true });
  let entries = 0;
  let bytes = 0;
  const advance = (by: number) => {
    bytes += by;
    onProgress?.({ entries, bytes, storedBytes: reader.bytesRead });
  };
  try {
    for (let next = await feed.next(); next.done !== true; next = await feed.next()) {
      signal?.throwIfAborted();
      const { item } = next.value;
      entries += 1;
      if (item.kind === "whole") {
        yield smallEntry(next.value);
        advance(item.row.size);
      } else {
        const body = new LargeBody(next.value, feed, advance);
        yield { ...infoOf(item.row), open: () => body.open() };
        await body.skip();
      }
    }
  } finally {
    await feed.return(undefined);
  }
}

/** An entry's facts, without where its content lies. */
export function infoOf({ extents: _extents, ...info }: IndexRow): EntryInfo {
  return info;
}

function smallEntry({ item: { row }, bytes, damage }: FedItem): RestoredEntry {
  const info = infoOf(row);
  if (damage !== undefined) return { ...info, open: () => once(bytes, damage) };
  if (row.type !== "file") return { ...info, open: () => once(bytes) };
  return { ...info, bytes, open: () => once(bytes) };
}

async function* once(bytes: Uint8Array, damage?: unknown): AsyncGenerator<Uint8Array> {
  if (damage !== undefined) throw damage;
  if (bytes.length > 0) yield bytes;
}

/** The content of a large entry: the next slices of the feed, up to its last. */
class LargeBody {
  readonly #feed: AsyncIterator<FedItem>;
  readonly #advance: (bytes: number) => void;
  #next: FedItem | null;
  #opened = false;

  constructor(first: FedItem, feed: AsyncIterator<FedItem>, advance: (bytes: number) => void) {
    this.#next = first;
    this.#feed = feed;
    this.#advance = advance;
  }

  async *open(): AsyncGenerator<Uint8Array> {
    if (this.#opened) {
      throw new LifeboatError({
        code: "INVALID",
        operation: "archive.read",
        message: "An entry's content is read only once.",
      });
    }
    this.#opened = true;
    for (let slice = this.#next; slice !== null; slice = this.#next) {
      // The last bytes are held back until all of the content is known to be right.
      if (slice.damage !== undefined) throw slice.damage;
      this.#advance(slice.bytes.length);
      yield slice.bytes;
      await this.#pull(slice);
    }
  }

  /** Goes past what was not read. */
  async skip(): Promise<void> {
    this.#opened = true;
    for (let slice = this.#next; slice !== null; slice = this.#next) await this.#pull(slice);
  }

  async #pull(slice: FedItem): Promise<void> {
    this.#next = null;
    if (slice.item.kind === "slice" && slice.item.last) return;
    const next = await this.#feed.next();
    this.#next = next.done === true ? null : next.value;
  }
}

/** Refuses more than the manifest promised, so that no index can make a disk overflow. */
export async function* limited(
  rows: AsyncIterable<IndexRow>,
  part: PartInfo,
  layout: PartLayout,
): AsyncGenerator<IndexRow> {
  let bytes = 0;
  let entries = 0;
  const promised = part.counts.files + part.counts.directories + part.counts.links;
  for await (const row of rows) {
    bytes += row.size;
    entries += 1;
    if (bytes > part.size || entries > promised) {
      const limit = `${promised} entries and ${part.size} bytes`;
      throw badLayout(layout.key, `it holds more than the ${limit} of its manifest, at ${JSON.stringify(row.path)}`);
    }
    yield row;
  }
  if (bytes !== part.size || entries !== promised) {
    throw badLayout(
      layout.key,
      `its index lists ${entries} entries and ${bytes} bytes, its manifest ${promised} and ${part.size}`,
    );
  }
}

async function* selected(rows: AsyncIterable<IndexRow>, select: ReadOptions["select"]): AsyncGenerator<IndexRow> {
  for await (const row of rows) if (select === undefined || select(infoOf(row))) yield row;
}
