import {
  isLifeboatError,
  type ListedBackup,
  type PartInfo,
  type RepairLoss,
  type RepairOptions,
  type VerifyProblem,
} from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { openPartObject } from "../read/open-part.ts";
import { isDamage } from "../read/read-errors.ts";
import { Needs } from "../verify/needed.ts";
import { problemOf } from "../verify/problems.ts";
import { type TouchedWork, tellTouched } from "../verify/touched.ts";

/** What backups have lost. */
export interface Losses {
  readonly backups: number;
  readonly losses: readonly RepairLoss[];
  readonly lossCount: number;
}

/** So many are named one by one. */
const MAX_LOSSES = 10_000;

/**
 * Goes through the lists of all backups, and tells each entry that needs a chunk which no pack holds, or which only
 * damaged packs hold and none of them can give.
 */
export async function tellLosses(
  { context, key }: DedupSite,
  manifests: Manifests,
  work: TouchedWork,
  { signal }: RepairOptions,
): Promise<Losses> {
  const { storage, siteId } = context;
  const losses: RepairLoss[] = [];
  let lossCount = 0;
  let backups = 0;

  function lose(id: string, problem: VerifyProblem): void {
    lossCount += 1;
    if (losses.length < MAX_LOSSES) losses.push({ id, ...problem });
  }

  async function tellPart(id: string, part: PartInfo): Promise<void> {
    const options = { onProblem: (problem: VerifyProblem) => lose(id, problem), signal };
    try {
      const { list } = await openPartObject({ storage, key, siteId, id }, part, { signal });
      const needs = new Needs(work.index, work.reading, options);
      await needs.gather({ part, root: list });
      if (work.packs.size > 0) await tellTouched({ part, root: list }, work, options);
    } catch (error) {
      if (!isDamage(error)) throw error;
      lose(id, problemOf(error, { source: part.source }));
    }
  }

  async function tellBackup({ id }: ListedBackup): Promise<void> {
    try {
      const { parts } = await manifests.manifest(id, { signal });
      backups += 1;
      for (const part of parts) await tellPart(id, part);
    } catch (error) {
      if (isLifeboatError(error, "NOT_FOUND")) return; // deleted since
      if (!isDamage(error)) throw error;
      lose(id, problemOf(error));
    }
  }

  const listed: ListedBackup[] = [];
  for await (const backup of manifests.list({ signal })) if (backup.complete) listed.push(backup);
  for (const backup of listed.sort((a, b) => (a.id < b.id ? -1 : 1))) {
    signal?.throwIfAborted();
    await tellBackup(backup);
  }
  return { backups, losses, lossCount };
}
