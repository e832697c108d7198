import type { AbortOptions, EntryInfo, PartInfo, ReadOptions, RestoredEntry, Storage } from "@lifeboat/contracts";
import { RoomPool } from "@lifeboat/frames";
import { chunkIds } from "../id.ts";
import type { Body, Refs } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { ROOM_BYTES } from "../pack/limits.ts";
import { chunkIdKey, type SealingKey } from "../site-key.ts";
import type { ChunkLocator } from "./chunk-map.ts";
import { ChunkReader } from "./chunks.ts";
import { contentItems } from "./content-items.ts";
import { FrameCache } from "./frame-cache.ts";
import { FrameFetcher } from "./frame-fetch.ts";
import { contentOf, limited, listRows } from "./list-rows.ts";
import { readPart } from "./read-part.ts";
import { readThreads } from "./read-threads.ts";
import { entryOf, type Identify } from "./row-entry.ts";

const MIB = 1024 * 1024;

/**
 * Files of so many bytes are read by themselves: the threads write them where they go, without looking ahead beyond
 * them. Where each request has a long way, that pays for the largest alone.
 */
const ALONE_BYTES = 8 * MIB;
const ALONE_BYTES_AFAR = 64 * MIB;

/** So many rooms are kept for use again. */
const ROOMS = 16;
/** Frames that nobody needs now, but may need again. */
const IDLE_LIST_BYTES = 4 * MIB;
const IDLE_DATA_BYTES = 8 * MIB;

/** What a site is read with. */
export interface ReadSite {
  readonly storage: Storage;
  readonly key: SealingKey;
  /** How many threads; 0 works on the calling thread. */
  readonly threads: number;
  readonly locator: ChunkLocator;
}

/** A site that is open for reading. Disposing it stops its threads and requests. */
export interface Reading extends AsyncDisposable {
  /** Reads chunks of lists. */
  readonly lists: ChunkReader;
  /** Reads chunks of content. */
  readonly data: ChunkReader;
  /** Fetches frames of which only is asked whether they are right. */
  readonly checking: FrameFetcher;
  /** Files of so many bytes are read by themselves. */
  readonly alone: number;
}

/** Opens a site for reading. */
export async function openReading(site: ReadSite, { signal }: AbortOptions): Promise<Reading> {
  const { storage, key, locator, threads: size } = site;
  const idKey = chunkIdKey(key);
  const threads = await readThreads(size > 1 ? size + 1 : size, idKey);
  const rooms = new RoomPool(ROOMS, ROOM_BYTES);
  const idOf = chunkIds(idKey);
  const fetchers: FrameFetcher[] = [];
  const fetching = () => {
    const fetcher = new FrameFetcher({ storage, siteKey: key.siteKey, threads, size, rooms, signal });
    fetchers.push(fetcher);
    return fetcher;
  };
  const begin = (idleBytes: number) => {
    return new ChunkReader({ locator, fetcher: fetching(), cache: new FrameCache(rooms, idleBytes), idOf, signal });
  };
  const lists = begin(IDLE_LIST_BYTES);
  const data = begin(IDLE_DATA_BYTES);
  const checking = fetching();
  return {
    lists,
    data,
    checking,
    alone: storage.openFile === undefined ? ALONE_BYTES_AFAR : ALONE_BYTES,
    async [Symbol.asyncDispose]() {
      for (const fetcher of fetchers) fetcher.stop();
      await threads[Symbol.asyncDispose]();
      await Promise.all(fetchers.map((fetcher) => fetcher.close()));
    },
  };
}

/** What of a part is read. */
export interface PartRows {
  readonly part: Pick<PartInfo, "source" | "counts" | "size">;
  readonly root: Body;
}

/** The rows of a part's list, block by block: as many as its manifest promised. */
export function rowsOf({ lists }: Reading, { part, root }: PartRows): AsyncIterable<readonly ListRow[]> {
  return limited(listRows(root, lists), part);
}

/** How entries are read. */
export interface ReadEntriesOptions extends ReadOptions {
  /** Makes what stands for the content of files. Default: nothing does. */
  readonly identify?: Identify;
}

/** A part's entries with their content. The reading can be used again only where all of them were taken. */
export function readEntries(
  reading: Reading,
  { part, root }: PartRows,
  options: ReadEntriesOptions,
): AsyncGenerator<RestoredEntry> {
  const { select, identify } = options;
  const items = contentItems({
    rows: rowsOf(reading, { part, root }),
    entryOf(row): EntryInfo | null {
      const entry = entryOf(row, identify);
      return select === undefined || select(entry) ? entry : null;
    },
    contentOf: (body): AsyncIterable<Refs> => contentOf(body, reading.lists),
    alone: reading.alone,
  });
  return readPart(items, reading.data, options);
}
