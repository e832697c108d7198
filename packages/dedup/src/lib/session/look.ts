import { type AbortOptions, isLifeboatError, type Manifest } from "@lifeboat/contracts";
import type { LateVerdict } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { listPacks, loadIndex, present } from "../index/load.ts";
import type { SiteIndex } from "../index/site-index.ts";
import type { PartObject } from "../list/part-object.ts";
import { loosePacks } from "../prune/loose-packs.ts";
import { reach } from "../reach/reach.ts";
import { openPartObject } from "../read/open-part.ts";
import { isDamage } from "../read/read-errors.ts";
import { openReading } from "../read/reading.ts";
import { packsToAvoid, readMarks } from "./marks.ts";

/**
 * Looks whether a backup whose manifest came late may be believed (docs/spec/dedup.md, "Sessions and fences"):
 * whether each chunk that it needs is in a pack that is there and in no mark. The fence was found before. Packs count,
 * not what an index tells of them: before a backup is void, those that no index names are asked themselves.
 *
 * @throws LOCKED where a mark can't be read
 */
export async function lookAtLate(
  site: DedupSite,
  manifest: Manifest,
  { signal }: AbortOptions = {},
): Promise<LateVerdict> {
  const { context, key, tools } = site;
  const { storage, siteId, threads } = context;
  const parts: PartObject[] = [];
  for (const part of manifest.parts) {
    try {
      parts.push(await openPartObject({ storage, key, siteId, id: manifest.id }, part, { signal }));
    } catch (error) {
      if (isLifeboatError(error, "NOT_FOUND")) return "void";
      if (!isDamage(error)) throw error; // damage is for whoever reads it
    }
  }
  const avoid = packsToAvoid(await readMarks(context, { signal })); // before the packs are listed
  const listed = await listPacks(storage, { signal });
  const onDamaged = () => undefined; // the packs that it named tell themselves
  const index = await loadIndex(storage, tools, present(listed, avoid), { signal, onDamaged });

  async function judge(): Promise<LateVerdict> {
    const locator = { map: async () => index, fresh: async () => ({ find: () => undefined }) };
    await using reading = await openReading({ storage, key, threads, locator }, { signal });
    const look = lookInto(index, avoid);
    for (const { list } of parts) {
      await reach(list, reading.lists, look, { signal });
      if (look.verdict() === "void") break;
    }
    return look.verdict();
  }

  const verdict = await judge();
  if (verdict !== "void") return verdict;
  let isKnown = true;
  for await (const { id, pack } of loosePacks(site, listed, index, { signal })) {
    if (!isLifeboatError(pack)) index.add(pack, avoid.has(id));
    else if (!avoid.has(id)) isKnown = false;
  }
  const closer = await judge();
  return closer === "void" && !isKnown ? "not-now" : closer;
}

/** Judges chunk by chunk. */
function lookInto(index: SiteIndex, avoid: ReadonlySet<string>) {
  const opened = new Uint16Array(index.tables.numbers);
  let verdict: LateVerdict = "believed";
  return {
    verdict: () => verdict,
    chunk(ids: Uint8Array, at: number) {
      const place = index.find(ids, at);
      if (place === undefined) verdict = "void";
      else if (verdict === "believed" && avoid.has(place.pack.id)) verdict = "not-now";
    },
    opens(ids: Uint8Array, at: number, level: number) {
      const number = index.tables.number(ids, at);
      const flag = 1 << level;
      if (verdict === "void" || number < 0 || ((opened[number] ?? 0) & flag) !== 0) return false;
      opened[number] = (opened[number] ?? 0) | flag;
      return true;
    },
    failed() {}, // it is there, but damaged: that is for whoever reads it
  };
}
