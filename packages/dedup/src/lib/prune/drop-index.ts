import type { AbortOptions } from "@lifeboat/contracts";
import type { DedupSite } from "../dedup-site.ts";
import { type IndexedPack, indexGroups } from "../index/encode.ts";
import { readIndex } from "../index/load.ts";
import { putIndex } from "../index/writer.ts";

/** So many index objects are left as they are; of more, the small ones are put together. */
const MANY_OBJECTS = 32;
const SMALL_CHUNKS = 100_000;
/** So many chunks' rows are held in memory until they are written. */
const HELD_CHUNKS = 1_048_576;

/**
 * P8: writes index objects without the packs that go, then deletes those that name them. Where there are many small
 * ones they are put together on the occasion.
 */
export async function dropFromIndex(
  { context, tools }: DedupSite,
  going: ReadonlySet<string>,
  options: AbortOptions,
): Promise<void> {
  const { storage } = context;
  const found: { key: string; chunks: number; named: boolean }[] = [];
  for await (const { key, packs } of readIndex(storage, tools, options)) {
    const chunks = packs.reduce((sum, { directory }) => sum + directory.lengths.length, 0);
    found.push({ key, chunks, named: packs.some(({ id }) => going.has(id)) });
  }
  const merges = found.length > MANY_OBJECTS;
  const chosen = new Set(
    found.filter(({ chunks, named }) => named || (merges && chunks < SMALL_CHUNKS)).map(({ key }) => key),
  );
  if (chosen.size === 0) return;

  let held = new Map<string, IndexedPack>();
  let keys: string[] = [];
  let chunks = 0;
  const rewrite = async () => {
    await putIndex(storage, tools, [...indexGroups(held.values())].flat(), options);
    await storage.delete(keys, options);
    held = new Map();
    keys = [];
    chunks = 0;
  };
  for await (const { key, packs } of readIndex(storage, tools, options)) {
    if (!chosen.has(key)) continue;
    for (const pack of packs) {
      if (going.has(pack.id) || held.has(pack.id)) continue;
      held.set(pack.id, pack);
      chunks += pack.directory.lengths.length;
    }
    keys.push(key);
    if (chunks >= HELD_CHUNKS) await rewrite();
  }
  if (keys.length > 0) await rewrite();
}
