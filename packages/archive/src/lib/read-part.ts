import {
  type BodyOptions,
  LifeboatError,
  type PartInfo,
  type ReadOptions,
  type RestoredEntry,
} from "@lifeboat/contracts";
import { badLayout, type PartLayout } from "./part-layout.ts";
import type { IndexRow } from "./rows.ts";
import type { SegmentAccess } from "./segment-access.ts";
import { type FedStep, feedSegments } from "./segment-feed.ts";
import type { PartThreads } from "./segment-line.ts";
import { planSteps, type StepItem } from "./segment-steps.ts";

/** What a part is read with. */
export interface PartReading {
  readonly layout: PartLayout;
  readonly threads: PartThreads;
  readonly part: PartInfo;
  /** For the data; the index has one of its own. */
  readonly access: SegmentAccess;
  readonly rows: AsyncIterable<readonly IndexRow[]>;
}

/** Entries with their content, in the order they were backed up. */
export async function* readPart(reading: PartReading, options: ReadOptions): AsyncGenerator<RestoredEntry> {
  const { layout, threads, part, access } = reading;
  const { signal, select, onProgress } = options;
  const rows = selected(limited(reading.rows, part, layout), select);
  const steps = planSteps(layout, rows, select === undefined);
  const feed = feedSegments(steps, { access, threads, keep: true, signal, stopAtDamage: true });
  let entries = 0;
  let bytes = 0;
  const advance = (by: number) => {
    bytes += by;
    onProgress?.({ entries, bytes, storedBytes: access.bytesRead });
  };
  const items = new FedItems(feed);
  try {
    while (await items.next()) {
      signal?.throwIfAborted();
      const { item } = items;
      entries += 1;
      if (item.kind === "whole") {
        yield smallEntry(items, item.row);
        advance(item.row.info.size);
      } else {
        const body = new LargeBody(items, item.row, advance);
        yield { ...item.row.info, open: (how) => body.open(how) };
        await body.skip();
      }
    }
  } finally {
    await feed.return(undefined);
  }
}

/** The items of a feed, one after the other. */
class FedItems {
  readonly #feed: AsyncIterator<FedStep>;
  #step: FedStep | null = null;
  #at = -1;
  /** Grows with every item: an entry whose number is past has lost its content. */
  turn = 0;

  constructor(feed: AsyncIterator<FedStep>) {
    this.#feed = feed;
  }

  /** Goes on to the next item, if there is one. */
  async next(): Promise<boolean> {
    this.turn += 1;
    this.#at += 1;
    while (this.#step === null || this.#at >= this.#step.items.length) {
      const next = await this.#feed.next();
      if (next.done === true) return false;
      this.#step = next.value;
      this.#at = 0;
    }
    return true;
  }

  get item(): StepItem {
    const item = this.#step?.items[this.#at];
    if (item === undefined) throw new RangeError("There is no item before the first or after the last.");
    return item;
  }

  /**
   * The current item's content, which stays until the next one is asked for.
   *
   * @throws CORRUPT where it is not what was backed up
   */
  content(): Uint8Array {
    const { item } = this;
    const damage = this.#step?.damageOf(item);
    if (damage !== undefined) throw damage;
    return this.#step?.bytesOf(item) ?? new Uint8Array(0);
  }
}

/** The row's own object becomes the entry: nobody else has it, and a copy for each of many entries is dear. */
function smallEntry(items: FedItems, { info }: IndexRow): RestoredEntry {
  const { turn } = items;
  const content = () => {
    if (items.turn !== turn) throw tooLate(info.path);
    return items.content();
  };
  async function* open({ reuse = false }: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    const bytes = content();
    if (bytes.length > 0) yield reuse ? bytes : bytes.slice();
  }
  if (info.type !== "file") return Object.assign(info, { open });
  const copyTo = (target: Uint8Array) => {
    const bytes = content();
    target.set(bytes.subarray(0, target.length));
    return bytes.length;
  };
  return Object.assign(info, { open, copyTo });
}

/** The content of a large entry: the next slices of the feed, up to its last. */
class LargeBody {
  readonly #items: FedItems;
  readonly #row: IndexRow;
  readonly #advance: (bytes: number) => void;
  #state: "whole" | "opened" | "past" = "whole";

  constructor(items: FedItems, row: IndexRow, advance: (bytes: number) => void) {
    this.#items = items;
    this.#row = row;
    this.#advance = advance;
  }

  async *open({ reuse = false }: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    if (this.#state === "past") throw tooLate(this.#row.info.path);
    if (this.#state === "opened") throw invalid(this.#row.info.path, "is read only once");
    this.#state = "opened";
    do {
      // The last bytes are held back until all of the content is known to be right.
      const bytes = this.#items.content();
      this.#advance(bytes.length);
      yield reuse ? bytes : bytes.slice();
      if (this.#hasEnded) throw tooLate(this.#row.info.path);
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

  /** Goes on to the next slice; `false` after the last. */
  async #next(): Promise<boolean> {
    const { item } = this.#items;
    return item.kind === "slice" && item.row === this.#row && !item.last && (await this.#items.next());
  }
}

function tooLate(path: string): LifeboatError {
  return invalid(path, "was to be read before the next entry was pulled");
}

function invalid(path: string, what: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "archive.read",
    key: path,
    message: `The content of ${JSON.stringify(path)} ${what}.`,
    hint: "Read an entry's content, all of it and once, before going on to the next entry; keep it if it is needed later.",
  });
}

/** Refuses more than the manifest promised, so that no index can make a disk overflow. */
export async function* limited(
  rows: AsyncIterable<readonly IndexRow[]>,
  part: PartInfo,
  layout: PartLayout,
): AsyncGenerator<readonly IndexRow[]> {
  let bytes = 0;
  let entries = 0;
  const promised = part.counts.files + part.counts.directories + part.counts.links;
  for await (const batch of rows) {
    for (const row of batch) {
      bytes += row.info.size;
      entries += 1;
      if (bytes > part.size || entries > promised) {
        const limit = `${promised} entries and ${part.size} bytes`;
        throw badLayout(
          layout.key,
          `it holds more than the ${limit} of its manifest, at ${JSON.stringify(row.info.path)}`,
        );
      }
    }
    yield batch;
  }
  if (bytes !== part.size || entries !== promised) {
    throw badLayout(
      layout.key,
      `its index lists ${entries} entries and ${bytes} bytes, its manifest ${promised} and ${part.size}`,
    );
  }
}

async function* selected(
  rows: AsyncIterable<readonly IndexRow[]>,
  select: ReadOptions["select"],
): AsyncGenerator<readonly IndexRow[]> {
  for await (const batch of rows) yield select === undefined ? batch : batch.filter((row) => select(row.info));
}
