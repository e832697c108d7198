import { type AbortOptions, LifeboatError, type PrunePlan, type PrunePlanOptions } from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { missingPacks } from "../index/load.ts";
import { packTarget } from "../pack/limits.ts";
import { packKey } from "../pack/pack-name.ts";
import { assertShown } from "../session/missing-packs.ts";
import { markBackups, type SeenBackups } from "./backups.ts";
import { lookAround, type SiteLook } from "./look-around.ts";
import { measurePacks, type Usage } from "./measure.ts";
import { NeededChunks } from "./needed.ts";
import { decidePacks, totalsOf } from "./plan.ts";

/** A plan, with all that was found out for it. */
export interface PlannedPrune {
  readonly plan: PrunePlan;
  readonly look: SiteLook;
  readonly needed: NeededChunks;
  readonly usage: Usage;
  readonly known: SeenBackups;
  readonly targetBytes: number;
}

const MAX_UNUSED = 0.05;

/** P1 and P2 of docs/spec/dedup.md: looks at all that is there, and decides. Writes nothing. */
export async function makePlan(
  site: DedupSite,
  manifests: Manifests,
  options: PrunePlanOptions = {},
): Promise<PlannedPrune> {
  const { maxUnused = MAX_UNUSED, maxRepackBytes = Number.POSITIVE_INFINITY, giveUp = [], keepSince, signal } = options;
  if (!(maxUnused >= 0 && maxUnused <= 1) || !(maxRepackBytes >= 0)) throw badSettings(maxUnused, maxRepackBytes);
  const look = await lookAround(site, { signal });
  await assertAllShown(site, look, { signal });
  const needed = new NeededChunks(look.index);
  const known: SeenBackups = { seen: new Set(), problems: [], lacking: new Set() };
  for (const [id, error] of look.unreadable)
    known.problems.push({ message: `The pack ${packKey(id)} is in no index, and can't be read: ${error.message}` });
  await markBackups(manifests, { site, needed, known, giveUp: new Set(giveUp), signal });
  const usage = await measurePacks(site, look, needed, { keepSince, signal });
  const bytes = usage.packs.reduce((sum, { size }) => sum + size, 0);
  const targetBytes = packTarget(bytes);
  const packs = decidePacks(usage.packs, { maxUnused, maxRepackBytes, targetBytes });
  const condemned = [...look.marked].filter((id) => look.listed.has(id)).length;
  const { siteId } = site.context;
  const plan = { siteId, packs, totals: totalsOf(packs), condemned, problems: [...known.problems] };
  return { plan, look, needed, usage, known, targetBytes };
}

/** Packs of marks don't count: earlier prunes may have let them go. */
async function assertAllShown(
  { context }: DedupSite,
  { index, unlisted, marked }: SiteLook,
  options: AbortOptions,
): Promise<void> {
  const unmarked = (ids: Iterable<string>) => [...ids].filter((id) => !marked.has(id)).length;
  const missing = unmarked(await missingPacks(context.storage, unlisted, options));
  assertShown("prune", { named: unmarked(index.packs.keys()) + unmarked(unlisted.keys()), missing });
}

function badSettings(maxUnused: number, maxRepackBytes: number): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "prune",
    message: `Expected maxUnused from 0 to 1 and maxRepackBytes of 0 or more, found ${maxUnused} and ${maxRepackBytes}.`,
  });
}
