import type { AbortOptions, LifeboatError, Storage } from "@lifeboat/contracts";
import type { IndexTools } from "../index/index-object.ts";
import { listPacks, readIndex } from "../index/load.ts";
import { siteLocator } from "../index/locator.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import { SiteIndex } from "../index/site-index.ts";
import type { ChunkLocator } from "../read/chunk-map.ts";
import { badPack, missingPack, unknownChunk } from "../read/read-errors.ts";

/** What the index objects of a site tell, and which of it is true. */
export interface CheckedIndex {
  /** The packs that are there, with the size that the index gives them. */
  readonly good: SiteIndex;
  /** Finds chunks in good packs first; where there is none, in packs that are gone or have another size. */
  readonly locator: ChunkLocator;
  /** Why a chunk that is in no good pack can't be had. */
  reason(id: Uint8Array): LifeboatError;
}

/** Reads the index, and lists the packs. */
export async function checkIndex(
  storage: Storage,
  tools: IndexTools,
  onDamaged: (key: string, error: LifeboatError) => void,
  options: AbortOptions,
): Promise<CheckedIndex> {
  const listed = await listPacks(storage, options);
  const good = new SiteIndex();
  const lost = new SiteIndex();
  for await (const { packs } of readIndex(storage, tools, { ...options, onDamaged })) {
    for (const pack of packs) (listed.get(pack.id) === pack.size ? good : lost).add(pack);
  }
  const anew = siteLocator(storage, tools);
  return {
    good,
    locator: {
      map: async () => ({ find: (id) => good.find(id) ?? lost.find(id) }),
      fresh: (without, signal) => anew.fresh(without, signal),
    },
    reason(id) {
      const place = lost.find(id);
      if (place === undefined) return unknownChunk(id);
      return lostPack(place.pack, listed.get(place.pack.id));
    },
  };
}

function lostPack({ id, size }: PackFrames, found: number | undefined): LifeboatError {
  if (found === undefined) return missingPack(id);
  return badPack(id, `it has ${found} bytes, not ${size}`);
}
