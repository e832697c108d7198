import {
  type AbortOptions,
  type BackupChecked,
  type CheckLevel,
  type CheckOptions,
  isLifeboatError,
  type LifeboatError,
  type Manifest,
  type SiteContext,
} from "@lifeboat/contracts";
import type { Manifests } from "@lifeboat/manifests";
import type { IndexTools } from "../index/index-object.ts";
import type { PackFrames } from "../index/pack-frames.ts";
import { openPartObject } from "../read/open-part.ts";
import { isDamage, isLoss } from "../read/read-errors.ts";
import { openReading } from "../read/reading.ts";
import { markLost } from "../session/mark-lost.ts";
import { packsToAvoid, readMarks } from "../session/marks.ts";
import { sealingKey } from "../site-key.ts";
import { type ListedPart, Needs } from "./needed.ts";
import { verifyPacks } from "./packs.ts";
import { problemOf } from "./problems.ts";
import { type TouchedWork, tellTouched } from "./touched.ts";
import { checkIndex } from "./verify-index.ts";

/** What a backup is verified with. */
export interface VerifyTools {
  readonly site: SiteContext;
  readonly manifests: Manifests;
  readonly tools: IndexTools;
}

/**
 * Verifies a backup (docs/spec/dedup.md, "Verify"). Packs are read once each; which entries a damaged one
 * touches is found by going through the lists once more. What is lost gets a mark, so that the next backup stores it
 * again.
 */
export async function verifyBackup(
  { site, manifests, tools }: VerifyTools,
  manifest: Manifest,
  level: CheckLevel,
  options: CheckOptions,
): Promise<BackupChecked> {
  const { storage, threads } = site;
  const { key } = tools;
  const { signal, onProblem, onProgress } = options;
  const objects = level === "presence" ? level : "checksum";
  await manifests.checkObjects(manifest.id, manifest, objects, { ...options, onProgress: undefined });
  const onDamaged = (_: string, error: LifeboatError) => onProblem(problemOf(error));
  const marked = await condemned(site, { signal });
  const index = await checkIndex(storage, tools, onDamaged, { signal, marked });
  await using reading = await openReading({ storage, key, threads, locator: index.locator }, { signal });

  const parts = await openParts(site, manifest, options);
  const size = parts.reduce((sum, { part }) => sum + part.size, 0);
  const needs = new Needs(index, reading, options);
  for (const part of parts) {
    await needs.gather(part);
    onProgress?.({ entries: needs.entries, bytes: 0, storedBytes: 0 });
  }
  const { entries, packs } = needs;
  const lost = new Set<string>();
  let storedBytes = 0;
  if (level !== "presence") {
    const onShare = (share: number, stored: number) =>
      onProgress?.({ entries, bytes: Math.floor(size * share), storedBytes: stored });
    storedBytes = await verifyNeeded(site, { index, reading, packs, lost }, parts, level, options, onShare);
  }
  const done = { entries, bytes: size, storedBytes };
  onProgress?.(done);
  const { lacking, count } = index;
  const found = { packs: [...lost, ...lacking.packs], unknown: lacking.unknown, count };
  return { ...done, remembered: (await markLost(site, found, { signal })) === null };
}

/** Packs that are not to be relied on where others have the same; none where nobody can tell. */
async function condemned(site: SiteContext, options: AbortOptions): Promise<ReadonlySet<string>> {
  try {
    return packsToAvoid(await readMarks(site, options));
  } catch (error) {
    if (isLifeboatError(error, "LOCKED")) return new Set(); // what the backup needs can be looked at all the same
    throw error;
  }
}

/** Reads the packs that are needed; answers how many bytes that was. */
async function verifyNeeded(
  site: SiteContext,
  needed: TouchedWork & { readonly lost: Set<string> },
  parts: readonly ListedPart[],
  level: Exclude<CheckLevel, "presence">,
  options: CheckOptions,
  onShare: (share: number, storedBytes: number) => void,
): Promise<number> {
  const { packs, reading, lost } = needed;
  const total = [...packs].reduce((sum, { size }) => sum + size, 0);
  const damaged = new Set<PackFrames>();
  let stored = 0;
  await verifyPacks(packs, {
    site: { storage: site.storage, key: sealingKey(site) },
    level,
    fetcher: reading.checking,
    signal: options.signal,
    onPack(pack, problem) {
      stored += pack.size;
      onShare(stored / total, stored);
      if (problem === undefined) return;
      damaged.add(pack);
      if (isLoss(problem)) lost.add(pack.id);
      options.onProblem(problemOf(problem));
    },
  });
  if (damaged.size > 0) for (const part of parts) await tellTouched(part, { ...needed, packs: damaged }, options);
  return stored;
}

/** The parts whose objects can be read. */
async function openParts(site: SiteContext, manifest: Manifest, options: CheckOptions): Promise<ListedPart[]> {
  const { storage, siteId } = site;
  const { sources, signal, onProblem } = options;
  const opened: ListedPart[] = [];
  for (const part of manifest.parts) {
    if (sources !== undefined && !sources.includes(part.source)) continue;
    try {
      const place = { storage, key: sealingKey(site), siteId, id: manifest.id };
      const { list } = await openPartObject(place, part, { signal });
      opened.push({ part, root: list });
    } catch (error) {
      if (!isDamage(error)) throw error;
      onProblem(problemOf(error, { source: part.source, object: part.objects[0]?.name ?? "" }));
    }
  }
  return opened;
}
