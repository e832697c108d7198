import { type AbortOptions, isLifeboatError, type SiteContext, systemClock } from "@lifeboat/contracts";
import { newPackId } from "../pack/pack-name.ts";
import { packsToAvoid, putMarks, readMarks } from "./marks.ts";
import { isBeyondDamage, type PackCount } from "./missing-packs.ts";

/** What was found to be lost. */
export interface FoundLost {
  /** Ids of packs that are damaged or gone. */
  readonly packs: Iterable<string>;
  /** Whether something is needed that no index names, so that nobody knows the pack which it was in. */
  readonly unknown: boolean;
  /** How many packs the index names, and how many of them are gone. Default: as many as damage takes. */
  readonly count?: PackCount | undefined;
}

/**
 * Puts a mark about what is lost, as far as none tells of it yet (docs/spec/dedup.md, "Damage"): from then on no run
 * relies on it, so that the next backup stores again what was in it. Whoever finds out may; it takes no lease.
 *
 * @returns whether the site tells of it now; `false` where it can't be written, or more is missing than damage takes
 */
export async function markLost(
  site: SiteContext,
  { packs, unknown, count }: FoundLost,
  { signal }: AbortOptions,
): Promise<boolean> {
  const lost = new Set(packs);
  if (lost.size === 0 && !unknown) return true;
  if (count !== undefined && isBeyondDamage(count)) return false;
  try {
    const marks = await readMarks(site, { signal });
    const known = packsToAvoid(marks);
    const fresh = [...lost].filter((id) => !known.has(id));
    // Any mark makes runs look up what they take over from the backup before.
    if (fresh.length === 0 && unknown && !marks.some(isOfDamage)) fresh.push(newPackId());
    const now = (site.clock ?? systemClock).now();
    await putMarks(
      site,
      fresh.map((id) => ({ id, why: "damaged" as const })),
      { signal, now },
    );
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isLifeboatError(error)) throw error;
    return false; // what was found out counts all the same, and whoever asked tells that it is not noted
  }
}

function isOfDamage({ packs }: { readonly packs: readonly { readonly why: string }[] }): boolean {
  return packs.some(({ why }) => why === "damaged");
}
