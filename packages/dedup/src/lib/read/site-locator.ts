import type { Storage } from "@lifeboat/contracts";
import type { IndexTools } from "../index/index-object.ts";
import { loadIndex } from "../index/load.ts";
import type { SiteIndex } from "../index/site-index.ts";
import type { ChunkLocator } from "./chunk-map.ts";

/** Finds chunks by the index objects of a site, which are read when the first one is looked for. */
export function siteLocator(storage: Storage, tools: () => Promise<IndexTools>): ChunkLocator {
  let index: Promise<SiteIndex> | undefined;
  let anew: { readonly without: string; readonly index: Promise<SiteIndex> } | undefined;

  async function load(counts: (pack: string) => boolean, signal: AbortSignal | undefined): Promise<SiteIndex> {
    // What a damaged object told of is not found, and said by whoever needs it.
    return loadIndex(storage, await tools(), counts, { signal, onDamaged: () => undefined });
  }

  return {
    map(signal) {
      index ??= load(() => true, signal);
      return index;
    },
    async elsewhere(id, without, signal) {
      const packs = [...without].sort().join();
      if (anew?.without !== packs) anew = { without: packs, index: load((pack) => !without.has(pack), signal) };
      return (await anew.index).find(id);
    },
  };
}
