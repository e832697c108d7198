import { type AbortOptions, isLifeboatError, orAbort } from "@lifeboat/contracts";
import type { IndexedPack } from "../index/encode.ts";
import { SiteIndex } from "../index/site-index.ts";
import { packKey } from "../pack/pack-name.ts";
import { openPack, type PackSite } from "../pack/pack-reader.ts";
import type { ChunkLocator, ChunkMap } from "./chunk-map.ts";
import { isDamage } from "./read-errors.ts";

/** So many packs' tables are read at once. */
const AT_ONCE = 8;

/**
 * Looks for chunks in some packs first, by their own tables: a list lies in few packs, which its part names, and the
 * index of a large site is long. What they do not hold, or no longer, is looked for in the index.
 *
 * @param packs their ids, in hex
 */
export function hintedLocator(site: PackSite, packs: readonly string[], index: ChunkLocator): ChunkLocator {
  let first: Promise<ChunkMap> | undefined;

  async function look(options: AbortOptions): Promise<ChunkMap> {
    const found = new SiteIndex();
    for (let n = 0; n < packs.length; n += AT_ONCE) {
      const tables = packs.slice(n, n + AT_ONCE).map((id) => tableOf(site, id, options));
      for (const pack of await Promise.all(tables)) if (pack !== null) found.add(pack);
    }
    return found;
  }

  return {
    map(signal) {
      if (packs.length === 0) return index.map(signal);
      first ??= look({ signal });
      return orAbort(first, signal);
    },
    fresh: (without, signal) => (without.size === 0 ? index.map(signal) : index.fresh(without, signal)),
  };
}

/** What a pack says of itself; `null` where it is not there any more, or is damaged. */
async function tableOf(site: PackSite, id: string, options: AbortOptions): Promise<IndexedPack | null> {
  try {
    const info = await site.storage.stat(packKey(id), options);
    if (info === null) return null;
    const { directory } = await openPack(site, id, info.size, options);
    return { id, size: info.size, sha256: new Uint8Array(32), directory };
  } catch (error) {
    if (isDamage(error) || isLifeboatError(error, "NOT_FOUND")) return null;
    throw error;
  }
}
