import type { PruneOptions } from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { missingPacks } from "../index/load.ts";
import type { FoundLost } from "../session/mark-lost.ts";
import { markBackups, type SeenBackups } from "./backups.ts";
import { lookAround } from "./look-around.ts";
import { NeededChunks } from "./needed.ts";

/**
 * Looks anew for what backups lacked in the first look: one that ended after the packs were listed had put them by the
 * time that its manifest was seen. Backups that lack nothing are taken out of what is known, so that they are gone
 * through again, by an index that tells of all that they need.
 *
 * @returns what is lost, as far as it was so in both looks
 */
export async function lookForLacking(
  site: DedupSite,
  manifests: Manifests,
  known: SeenBackups,
  { signal, giveUp = [] }: PruneOptions,
): Promise<FoundLost> {
  if (known.lacking.size === 0) return { packs: [], unknown: false };
  const look = await lookAround(site, { signal });
  const isLacking = (name: string) => known.lacking.has(name.slice(0, name.indexOf(" ")));
  const again: SeenBackups = {
    seen: new Set([...known.seen].filter((name) => !isLacking(name))),
    problems: [],
    lacking: new Set(),
  };
  await markBackups(manifests, {
    site,
    needed: new NeededChunks(look.index),
    known: again,
    giveUp: new Set(giveUp),
    signal,
  });
  for (const id of known.lacking) if (!again.lacking.has(id)) forget(known, id);
  if (known.lacking.size === 0) return { packs: [], unknown: false };
  const lost = await missingPacks(site.context.storage, look.unlisted, { signal });
  return { packs: lost, unknown: lost.length === 0 };
}

function forget({ seen, problems, lacking }: SeenBackups, id: string): void {
  lacking.delete(id);
  for (const name of seen) if (name.startsWith(`${id} `)) seen.delete(name);
  const others = problems.filter((problem) => problem.id !== id);
  problems.splice(0, problems.length, ...others);
}
