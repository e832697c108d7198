import {
  type AbortOptions,
  isLifeboatError,
  type LifeboatError,
  type SiteContext,
  systemClock,
} from "@lifeboat/contracts";
import { newPackId } from "../pack/pack-name.ts";
import { packsToAvoid, putMarks, readMarks } from "./marks.ts";
import { notShown, type PackCount } from "./missing-packs.ts";

/** What a backup and a prune tell where {@link markLost} answers an error. */
export function notNoted({ message }: LifeboatError): string {
  return `What is lost could not be noted in the site, so later backups may rely on it until engine.repair({ site }) was run: ${message}`;
}

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
 * @returns why the site does not tell of it now, because it can't be written or more is missing than damage takes; `null`
 * where it does
 */
export async function markLost(
  site: SiteContext,
  { packs, unknown, count }: FoundLost,
  { signal }: AbortOptions,
): Promise<LifeboatError | null> {
  const lost = new Set(packs);
  if (lost.size === 0 && !unknown) return null;
  const hidden = count === undefined ? null : notShown("dedup.mark", count);
  if (hidden !== null) return hidden;
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
    return null;
  } catch (error) {
    signal?.throwIfAborted();
    if (!isLifeboatError(error)) throw error;
    return error; // what was found out counts all the same, and whoever asked tells that it is not noted
  }
}

function isOfDamage({ packs }: { readonly packs: readonly { readonly why: string }[] }): boolean {
  return packs.some(({ why }) => why === "damaged");
}
