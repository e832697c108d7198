import {
  type BackupLabels,
  type BackupWriter,
  isLifeboatError,
  LifeboatError,
  type Manifest,
  type PartInfo,
} from "@lifeboat/contracts";
import { newBackupId, openFences, parseBackupId } from "@lifeboat/manifests";
import { type Backup, describeBackup } from "../backup.ts";
import { commitBackup, giveBack } from "../commit.ts";
import { messageOf } from "../errors.ts";
import { hasFolder } from "../find-backup.ts";
import type { JobControl } from "../job.ts";
import { claimId, type HeldLease } from "../lease.ts";
import type { OpenSite } from "../sites.ts";
import { isOrphan } from "../sweep.ts";
import { checkCopy } from "./check-copy.ts";
import { copyPart } from "./copy-part.ts";
import { isCopyOn } from "./twin.ts";

/** One backup's way from one site to another. */
export interface CopyWork {
  readonly from: OpenSite;
  readonly to: OpenSite;
  readonly manifest: Manifest;
  readonly labels: BackupLabels;
  readonly verify: "list" | "content";
  /** Runs what reads the original, and notes that it is damaged. */
  readonly reading: <T>(read: () => Promise<T>) => Promise<T>;
  /** What the backups before it came to. */
  readonly done: { readonly entries: number; readonly bytes: number };
}

const ID_ATTEMPTS = 5;

/** Copies a backup: all of it, or nothing that stays listed. Answers an id where that turns out to be a copy already. */
export async function copyBackup(work: CopyWork, job: JobControl): Promise<Backup | string> {
  const lease = await claimCopy(work, job);
  if (typeof lease === "string") return lease;
  const signal = AbortSignal.any([job.signal, lease.signal]);
  let clean = true;
  const leftBehind = (error: unknown) => {
    clean = false;
    job.warning("left-behind", `What was written could not be removed, the next run will: ${messageOf(error)}`);
  };
  try {
    return await write(work, lease, leftBehind, { ...job, signal });
  } finally {
    await giveBack(lease, clean, job);
  }
}

/**
 * Claims the original's id where that is free, else one of the same time and trigger. Answers an id where another
 * run has just copied it. An id with a fence is not free: something of an earlier attempt may still arrive there.
 */
async function claimCopy({ to, manifest }: CopyWork, job: JobControl): Promise<HeldLease | string> {
  let { id } = manifest;
  for (let attempt = 1; ; attempt++) {
    // One that has lost its manifest never gets a lease: were that left behind, a sweep would remove the folder.
    const lost = (await hasFolder(to, id, job)) && (await isOrphan(to, id, job));
    const claimed = lost ? null : await claimFree(to, id, manifest, job);
    if (claimed !== null) return claimed;
    if (attempt === ID_ATTEMPTS) throw beingMade(to, id);
    id = newBackupId(parseBackupId(id)?.time ?? manifest.started, manifest.trigger);
  }
}

/** The lease of a free id, the id where it is a copy already, else `null`. */
async function claimFree(
  to: OpenSite,
  id: string,
  manifest: Manifest,
  job: JobControl,
): Promise<HeldLease | string | null> {
  const lease = await claim(to, id, job);
  let free = false;
  try {
    const taken = await hasFolder(to, id, job);
    free = !taken && !(await openFences(to.context).has(id, job));
    if (free) return lease;
    return taken && (await isCopyOn(to, id, manifest, job)) ? id : null;
  } catch (error) {
    if (!isLifeboatError(error, "NOT_FOUND")) throw error;
    return null; // a folder without a manifest is not free either
  } finally {
    if (!free) await giveBack(lease, true, job);
  }
}

async function claim(to: OpenSite, id: string, job: JobControl): Promise<HeldLease> {
  try {
    return await claimId(to.context, { id, kind: "backup", sources: [] }, job);
  } catch (error) {
    throw isLifeboatError(error, "ALREADY_EXISTS") ? beingMade(to, id, error) : error;
  }
}

async function write(
  work: CopyWork,
  lease: HeldLease,
  leftBehind: (error: unknown) => void,
  job: JobControl,
): Promise<Backup> {
  const { from, to, labels } = work;
  const { id: _, siteId: _site, format: _format, parts: originals, ...kept } = work.manifest;
  const { trigger, started, app, run } = kept;
  const { id } = lease;
  const sources = originals.map(({ source }) => source);
  const writer = await to.repository.begin({ id, trigger, started, app, run, sources }, job);
  let sent = false;
  try {
    const parts = await copyParts(work, writer, job);
    const { siteId } = to.context;
    const manifest: Manifest = { ...kept, id, siteId, format: to.descriptor.format, parts };
    job.phase("committing");
    sent = true;
    const events = { sending: () => undefined, unfenced: leftBehind };
    await commitBackup(to, lease, { writer, manifest, labels }, job, events);
    job.phase("comparing");
    for (const { source } of originals) {
      const content = work.verify === "content" ? "read" : "listed";
      const [original, copy] = [
        { site: from, id: work.manifest.id, source },
        { site: to, id, source },
      ];
      await checkCopy(original, copy, { content, signal: job.signal, onEntry() {} });
    }
    return describeBackup(to.name, manifest, labels);
  } catch (error) {
    // A manifest that was sent and not answered may still arrive: without a fence all that it needs must stay.
    const removable = !sent || (await isFenced(to, id, leftBehind));
    if (removable) await writer.abort(sent ? {} : { signal: job.tidying }).catch(leftBehind);
    throw error;
  }
}

async function isFenced(site: OpenSite, id: string, leftBehind: (error: unknown) => void): Promise<boolean> {
  try {
    await openFences(site.context).put(id);
    return true;
  } catch (error) {
    leftBehind(error);
    return false;
  }
}

async function copyParts({ from, manifest, reading, done }: CopyWork, writer: BackupWriter, job: JobControl) {
  const parts: PartInfo[] = [];
  let { entries, bytes } = done;
  for (const original of manifest.parts) {
    job.phase("copying", original.source);
    const before = { entries, bytes };
    const onProgress = (now: { readonly entries: number; readonly bytes: number }) =>
      job.done(before.entries + now.entries, before.bytes + now.bytes);
    parts.push(
      await copyPart({ site: from, id: manifest.id, original, writer, reading }, { signal: job.signal, onProgress }),
    );
    entries += original.counts.files + original.counts.directories + original.counts.links;
    bytes += original.size;
    job.done(entries, bytes);
  }
  return parts;
}

function beingMade(to: OpenSite, id: string, cause?: unknown): LifeboatError {
  return new LifeboatError({
    code: "LOCKED",
    operation: "copy",
    key: id,
    retryable: true,
    message: `Another run is making or deleting the backup ${id} on site "${to.name}".`,
    hint: "Wait until it has ended, and copy again: what has been copied is passed over.",
    cause,
  });
}
