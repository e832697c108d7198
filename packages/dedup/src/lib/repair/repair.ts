import { type BadPack, isLifeboatError, type RepairOptions, type RepairReport } from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { newPackId } from "../pack/pack-name.ts";
import { dropFromIndex } from "../prune/drop-index.ts";
import { openReading } from "../read/reading.ts";
import { markKeys, packsToAvoid, putMarks, readMarks } from "../session/marks.ts";
import { checkIndex } from "../verify/verify-index.ts";
import { findDamage } from "./find-damage.ts";
import { rebuildIndex } from "./rebuild-index.ts";
import { tellLosses } from "./tell-losses.ts";

/**
 * Repairs a site (docs/spec/dedup.md, "Repair"): makes the index whole, marks packs that are damaged or gone, so that
 * backups store again what was in them, and tells what each backup has lost.
 */
export async function repairSite(
  site: DedupSite,
  manifests: Manifests,
  options: RepairOptions = {},
): Promise<RepairReport> {
  const { context, tools, key } = site;
  const { storage, threads } = context;
  const { signal } = options;
  const unreadableMarks = await mendMarks(site, options);
  const marked = await avoided(site, options);
  const { damagedIndexes, indexedPacks, bad } = await rebuildIndex(site, { signal });
  const index = await checkIndex(storage, tools, () => undefined, { signal }); // what could not be read is gone by now
  await using reading = await openReading({ storage, key, threads, locator: index.locator }, { signal });
  const packs = [...index.good.packs.values()].filter(({ id }) => !marked.has(id));
  const damage = await findDamage(site, packs, reading, options);
  const badPacks = [...bad, ...damage.bad].filter(({ id }) => !marked.has(id));
  await markBad(site, badPacks, options);
  const told = await tellLosses(site, manifests, { packs: damage.packs, index, reading }, options);
  if (told.lossCount > 0 && badPacks.length === 0 && marked.size === 0) await markUnknown(site, options);
  const ok = told.lossCount === 0 && (unreadableMarks === 0 || options.deleteMarks === true);
  return { ok, damagedIndexes, indexedPacks, badPacks, unreadableMarks, ...told };
}

/** From now on nobody relies on them; what is gone needs no place in the index either. */
async function markBad(site: DedupSite, bad: readonly BadPack[], { signal }: RepairOptions): Promise<void> {
  const packs = bad.map(({ id }) => ({ id, why: "damaged" as const }));
  await putMarks(site.context, packs, { signal, now: site.clock.now() });
  const missing = new Set(bad.filter(({ why }) => why === "missing").map(({ id }) => id));
  if (missing.size > 0) await dropFromIndex(site, missing, { signal });
}

/**
 * Something is lost, and nobody knows the packs that it was in. Any mark makes runs look up what they take over from
 * the backup before, so the next one stores it again.
 */
async function markUnknown(site: DedupSite, { signal }: RepairOptions): Promise<void> {
  await putMarks(site.context, [{ id: newPackId(), why: "damaged" }], { signal, now: site.clock.now() });
}

/** How many marks can't be read; they are deleted where that is asked for. */
async function mendMarks({ context }: DedupSite, { deleteMarks = false, signal }: RepairOptions): Promise<number> {
  const unreadable: string[] = [];
  for (const key of await markKeys(context, { signal })) {
    try {
      await readMarks(context, { signal, only: key });
    } catch (error) {
      if (!isLifeboatError(error, "LOCKED")) throw error;
      unreadable.push(key);
    }
  }
  if (deleteMarks && unreadable.length > 0) await context.storage.delete(unreadable, { signal });
  return unreadable.length;
}

/** Packs that are condemned already, as far as it can be read. */
async function avoided({ context }: DedupSite, { signal }: RepairOptions): Promise<ReadonlySet<string>> {
  const packs = new Set<string>();
  for (const key of await markKeys(context, { signal })) {
    try {
      for (const id of packsToAvoid(await readMarks(context, { signal, only: key }))) packs.add(id);
    } catch (error) {
      if (!isLifeboatError(error, "LOCKED")) throw error; // it is reported
    }
  }
  return packs;
}
