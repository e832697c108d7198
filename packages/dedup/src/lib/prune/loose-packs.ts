import { type AbortOptions, isLifeboatError, type LifeboatError } from "@lifeboat/contracts";
import type { DedupSite } from "../dedup-site.ts";
import type { IndexedPack } from "../index/encode.ts";
import type { ListedPacks } from "../index/load.ts";
import type { SiteIndex } from "../index/site-index.ts";
import { openPack } from "../pack/pack-reader.ts";
import { isDamage } from "../read/read-errors.ts";

/** A pack that is there and that no index names. */
export interface LoosePack {
  readonly id: string;
  /** What it says of itself, or why it can't be read. */
  readonly pack: IndexedPack | LifeboatError;
}

/**
 * The packs that a listing shows and the index does not name: a crash came between the two, or a part of the index is
 * lost. The index may grow by them meanwhile.
 */
export async function* loosePacks(
  site: DedupSite,
  listed: ListedPacks,
  index: SiteIndex,
  options: AbortOptions,
): AsyncGenerator<LoosePack> {
  for (const [id, size] of listed) {
    if (index.packs.has(id)) continue;
    options.signal?.throwIfAborted();
    const pack = await describePack(site, id, size, options);
    if (pack !== null) yield { id, pack };
  }
}

/** What a pack says of itself; why it can't be read; or `null` where it has gone meanwhile. */
export async function describePack(
  { context, key }: DedupSite,
  id: string,
  size: number,
  options: AbortOptions,
): Promise<IndexedPack | LifeboatError | null> {
  const { storage } = context;
  try {
    const { directory } = await openPack({ storage, siteKey: key.siteKey }, id, size, options);
    return { id, size, sha256: new Uint8Array(32), directory };
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return null;
    if (isDamage(error)) return error;
    throw error;
  }
}
