import { type AbortOptions, type BadPack, isLifeboatError } from "@lifeboat/contracts";
import type { DedupSite } from "../dedup-site.ts";
import type { IndexedPack } from "../index/encode.ts";
import { listPacks, readIndex } from "../index/load.ts";
import { putIndex } from "../index/writer.ts";
import { packKey } from "../pack/pack-name.ts";
import { describePack } from "../prune/loose-packs.ts";

/** What came of making the index whole. */
export interface RebuiltIndex {
  readonly damagedIndexes: number;
  readonly indexedPacks: number;
  /** Packs that can't be indexed, are gone, or are not of the size that the index gives them. */
  readonly bad: readonly BadPack[];
}

/**
 * Makes the index tell of every pack that is there: packs that no readable object of it names are asked for their own
 * tables, and objects that can't be read are deleted after that.
 */
export async function rebuildIndex(site: DedupSite, options: AbortOptions): Promise<RebuiltIndex> {
  const { context, tools } = site;
  const { storage } = context;
  const damaged: string[] = [];
  const sizes = new Map<string, number>();
  for await (const { packs } of readIndex(storage, tools, { ...options, onDamaged: (key) => damaged.push(key) })) {
    for (const { id, size } of packs) sizes.set(id, size);
  }
  // After the index: a pack that is put and indexed in between is not taken for missing.
  const listed = await listPacks(storage, options);
  const bad: BadPack[] = [];
  for (const [id, size] of sizes) {
    const found = listed.get(id);
    if (found === undefined) bad.push({ id, why: "missing", message: `The pack ${packKey(id)} is missing.` });
    else if (found !== size) {
      const message = `The pack ${packKey(id)} has ${found} bytes, not ${size}.`;
      bad.push({ id, why: "damaged", message });
    }
  }
  const loose: IndexedPack[] = [];
  for (const [id, size] of listed) {
    if (sizes.has(id)) continue;
    options.signal?.throwIfAborted();
    const pack = await describePack(site, id, size, options);
    if (isLifeboatError(pack)) bad.push({ id, why: "damaged", message: pack.message });
    else if (pack !== null) loose.push(pack);
  }
  await putIndex(storage, tools, loose, options);
  if (damaged.length > 0) await storage.delete(damaged, options);
  return { damagedIndexes: damaged.length, indexedPacks: loose.length, bad };
}
