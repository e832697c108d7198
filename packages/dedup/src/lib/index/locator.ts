import type { Storage } from "@lifeboat/contracts";
import { orAbort } from "@lifeboat/contracts";
import type { ChunkLocator } from "../read/chunk-map.ts";
import type { IndexTools } from "./index-object.ts";
import { listPacks, loadIndex, type PackStanding, reliable } from "./load.ts";
import type { SiteIndex } from "./site-index.ts";

/** So many indexes that were read anew are remembered, by the packs that they leave out. */
const REMEMBERED = 4;
/** For so many milliseconds an index that was read anew is as good as another. */
const FRESH_MS = 10_000;

interface Fresh {
  readonly at: number;
  readonly index: Promise<SiteIndex>;
}

/**
 * Finds chunks for readers, by all that the index tells: a reader finds out by itself whether a pack is there. The
 * index is read when the first chunk is asked for; a damaged object of it is passed over.
 */
export function siteLocator(storage: Storage, tools: IndexTools): ChunkLocator {
  let first: Promise<SiteIndex> | undefined;
  const fresh = new Map<string, Fresh>();

  function load(standing: (id: string, size: number) => PackStanding): Promise<SiteIndex> {
    return loadIndex(storage, tools, standing, {
      onDamaged: () => undefined, // what only it names is not found, and told then
    });
  }

  function anew(without: ReadonlySet<string>): Promise<SiteIndex> {
    const name = [...without].sort().join(" ");
    const known = fresh.get(name);
    if (known !== undefined && performance.now() - known.at < FRESH_MS) return known.index;
    const index = listPacks(storage).then((listed) => load(reliable(listed, without)));
    fresh.delete(name);
    fresh.set(name, { at: performance.now(), index });
    for (const oldest of fresh.keys()) {
      if (fresh.size <= REMEMBERED) break;
      fresh.delete(oldest);
    }
    index.catch(() => fresh.delete(name)); // whoever asked is told; the next one tries again
    return index;
  }

  return {
    map(signal) {
      if (first === undefined) {
        const loading = load(() => "good");
        first = loading;
        loading.catch(() => {
          if (first === loading) first = undefined; // whoever asked is told; the next one tries again
        });
      }
      return orAbort(first, signal);
    },
    fresh: (without, signal) => orAbort(anew(without), signal),
  };
}
