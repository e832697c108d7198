import {
  type AbortOptions,
  isLifeboatError,
  LifeboatError,
  type ListedBackup,
  type PruneProblem,
} from "@lifeboat/contracts";
import { backupFolder, backupKey, type Manifests, openFences } from "@lifeboat/manifests";
import type { DedupSite } from "../dedup-site.ts";
import { siteLocator } from "../index/locator.ts";
import { decodePartObject, MAX_PART_OBJECT_BYTES, type PartObject, sourceOfPart } from "../list/part-object.ts";
import { reach } from "../reach/reach.ts";
import { openPartObject } from "../read/open-part.ts";
import { isDamage } from "../read/read-errors.ts";
import { openReading, type Reading } from "../read/reading.ts";
import { readObject } from "../read-object.ts";
import type { NeededChunks } from "./needed.ts";

/** What is known of the backups already, from one look to the next. */
export interface SeenBackups {
  /** Finished backups by id and stamp. */
  readonly seen: Set<string>;
  /** What is amiss with some; told once. */
  readonly problems: PruneProblem[];
  /** Backups that need chunks which no pack has. */
  readonly lacking: Set<string>;
}

interface Marking extends AbortOptions {
  readonly site: DedupSite;
  readonly needed: NeededChunks;
  readonly known: SeenBackups;
  readonly giveUp: ReadonlySet<string>;
}

/**
 * Notes what all backups need that were not seen before: finished ones by their manifests, others by the parts that
 * are there. Void ones don't count.
 *
 * @throws CORRUPT where one can't be read, naming it, unless it is given up
 */
export async function markBackups(manifests: Manifests, marking: Marking): Promise<void> {
  const { site, needed, known, signal } = marking;
  const { context, key, tools } = site;
  const { storage, threads } = context;
  const anew = siteLocator(storage, tools);
  const locator = { ...anew, map: async () => needed.index };
  const backups: ListedBackup[] = [];
  for await (const backup of manifests.list({ signal })) backups.push(backup);
  await using reading = await openReading({ storage, key, threads, locator }, { signal });
  for (const backup of backups) {
    signal?.throwIfAborted();
    const name = `${backup.id} ${backup.stamp}`;
    if (backup.late === "void" || (backup.stamp !== "" && known.seen.has(name))) continue;
    await markBackup(manifests, backup, reading, marking);
    known.seen.add(name);
  }
}

async function markBackup(
  manifests: Manifests,
  backup: ListedBackup,
  reading: Reading,
  marking: Marking,
): Promise<void> {
  const { id } = backup;
  const { known, needed, giveUp, signal } = marking;
  try {
    for (const { part, list } of await partsOf(manifests, backup, marking)) {
      const needs = needed.visitor();
      await reach(list, reading.lists, needs, { signal });
      const failure = needs.failure();
      if (failure !== null) throw failure;
      if (needs.missing() === 0) continue;
      const message = `${needs.missing()} chunks that the part "${part.source}" of ${id} needs are in no pack.`;
      known.problems.push({ id, source: part.source, message });
      known.lacking.add(id);
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    if ((await isGone(backup, marking)) || (await isRemains(backup, marking))) return;
    if (!giveUp.has(id)) throw refusal(id, error);
    known.problems.push({ id, message: `It is given up: ${error.message}` });
  }
}

/** The parts of a backup: those of its manifest, or, where it has none, those that lie in its folder. */
async function partsOf(
  manifests: Manifests,
  { id, stamp }: ListedBackup,
  { site, signal }: Marking,
): Promise<readonly PartObject[]> {
  const { context, key } = site;
  const { storage, siteId } = context;
  const parts: PartObject[] = [];
  if (stamp !== "") {
    const manifest = await manifests.manifest(id, { signal });
    for (const part of manifest.parts) parts.push(await openPartObject({ storage, key, siteId, id }, part, { signal }));
    return parts;
  }
  const folder = backupFolder(id);
  for await (const object of storage.list(folder, { signal })) {
    if (sourceOfPart(object.key.slice(folder.length)) === null) continue;
    try {
      const bytes = await readObject(storage, object.key, MAX_PART_OBJECT_BYTES, { signal });
      parts.push(decodePartObject(key, bytes, object.key));
    } catch (error) {
      if (!isLifeboatError(error, "NOT_FOUND")) throw error; // its run has removed it since: it failed
    }
  }
  return parts;
}

/** Whether it was deleted while we were looking. */
async function isGone({ id, stamp }: ListedBackup, { site, signal }: Marking): Promise<boolean> {
  if (stamp === "") return false;
  return (await site.context.storage.stat(backupKey(id, "manifest.json"), { signal })) === null;
}

/**
 * Whether a folder without a manifest is what came late of a run that was given up. Were its manifest to come as well,
 * it would be looked at before it is believed.
 */
async function isRemains({ id, stamp }: ListedBackup, { site, signal }: Marking): Promise<boolean> {
  return stamp === "" && (await openFences(site.context).has(id, { signal }));
}

function refusal(id: string, cause: LifeboatError): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "prune",
    key: id,
    message: `The backup ${id} can't be read, so nobody knows what it needs, and nothing may be deleted: ${cause.message}`,
    hint: `Repair the site, or delete the backup, or give it up with giveUp: [${JSON.stringify(id)}].`,
    cause,
  });
}
