import type { BadPack, RepairOptions } from "@lifeboat/contracts";
import type { DedupSite } from "../dedup-site.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import type { Reading } from "../read/reading.ts";
import { verifyPacks } from "../verify/packs.ts";

/** Packs that are there, but not as they should be. */
export interface FoundDamage {
  readonly packs: ReadonlySet<PackFrames>;
  readonly bad: readonly BadPack[];
}

/** Reads every pack, each once. At `presence` there is nothing to read. */
export async function findDamage(
  { context, key }: DedupSite,
  packs: readonly PackFrames[],
  reading: Reading,
  { level = "content", onProgress, signal }: RepairOptions,
): Promise<FoundDamage> {
  const damaged = new Set<PackFrames>();
  const bad: BadPack[] = [];
  if (level === "presence") return { packs: damaged, bad };
  let [done, bytes] = [0, 0];
  await verifyPacks(packs, {
    site: { storage: context.storage, key },
    level,
    fetcher: reading.checking,
    signal,
    onPack(pack, problem) {
      done += 1;
      bytes += pack.size;
      onProgress?.(done, packs.length, bytes);
      if (problem === undefined) return;
      damaged.add(pack);
      bad.push({ id: pack.id, why: "damaged", message: problem.message });
    },
  });
  return { packs: damaged, bad };
}
