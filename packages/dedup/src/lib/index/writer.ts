import type { AbortOptions, Clock, Storage } from "@lifeboat/contracts";
import { concatBytes } from "@lifeboat/frames";
import { type IndexedPack, indexGroups } from "./encode.ts";
import { newIndexKey } from "./index-name.ts";
import { type IndexTools, sealIndex } from "./index-object.ts";

/** Tells the site's index of new packs. */
export interface IndexWriter {
  /** Notes a pack that is in the storage; writes an index object where enough has come together. */
  add(pack: IndexedPack, options?: AbortOptions): Promise<void>;
  /** Writes what is noted and not written yet. */
  flush(options?: AbortOptions): Promise<void>;
}

/** So many bytes of packs, or milliseconds since the first of them, and they are indexed. */
const FLUSH_BYTES = 256 << 20;
const FLUSH_MS = 60_000;

/** Makes a writer. What it does not come to write is lost for the next run, but harms nothing. */
export function createIndexWriter(storage: Storage, tools: IndexTools, clock: Clock): IndexWriter {
  let pending: IndexedPack[] = [];
  let bytes = 0;
  let since = 0;
  let last: Promise<void> = Promise.resolve();

  async function write(options: AbortOptions): Promise<void> {
    const packs = pending;
    if (packs.length === 0) return;
    pending = [];
    bytes = 0;
    try {
      await putIndex(storage, tools, packs, options);
    } catch (error) {
      pending = [...packs, ...pending];
      throw error;
    }
  }

  /** One after the other, so that what is noted meanwhile waits for the next. */
  function flush(options: AbortOptions = {}): Promise<void> {
    const written = last.then(() => write(options));
    last = written.catch(() => undefined); // it was that caller's failure, not the next one's
    return written;
  }

  return {
    async add(pack, options) {
      if (pending.length === 0) since = clock.monotonic();
      pending.push(pack);
      bytes += pack.size;
      if (bytes >= FLUSH_BYTES || clock.monotonic() - since >= FLUSH_MS) await flush(options);
    },
    flush,
  };
}

/** Puts index objects about packs, as few as they fit into; answers their keys. */
export async function putIndex(
  storage: Storage,
  tools: IndexTools,
  packs: Iterable<IndexedPack>,
  options: AbortOptions = {},
): Promise<readonly string[]> {
  const keys: string[] = [];
  for (const group of indexGroups(packs)) {
    options.signal?.throwIfAborted();
    const key = newIndexKey();
    await storage.put(key, concatBytes(sealIndex(tools, group)), options);
    keys.push(key);
  }
  return keys;
}
