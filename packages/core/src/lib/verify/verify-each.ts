import {
  type CheckLevel,
  isLifeboatError,
  type Manifest,
  type SiteChecked,
  type SiteCheckOptions,
  type SiteProblem,
} from "@lifeboat/contracts";
import { assertShare, chooseShare, LABELS_NAME, MANIFEST_NAME, type Verifiable } from "@lifeboat/manifests";
import { damageCode, isDamage } from "../errors.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { BackupRecords } from "./backup-records.ts";

const MINUTE_MS = 60_000;

interface Found extends Verifiable {
  readonly manifest: Manifest;
}

/** Verifies a site whose backups have nothing in common: each by itself, those that were least recently verified first. */
export async function verifyEach(
  { clock }: RunContext,
  site: OpenSite,
  level: CheckLevel,
  options: SiteCheckOptions,
): Promise<SiteChecked> {
  const { share, signal, onProgress } = options;
  if (share !== undefined) assertShare(share);
  const records = new BackupRecords(site.context, clock);
  await records.load({ signal });
  const all = await findBackups(site, level, records, options);
  const chosen = chooseShare(all, share);
  const totalBytes = sizeOf(chosen);
  const until = share !== undefined && "minutes" in share ? clock.monotonic() + share.minutes * MINUTE_MS : undefined;
  const backups: string[] = [];
  let [entries, contentBytes, bytes] = [0, 0, 0];
  for (const { id, size } of chosen) {
    signal?.throwIfAborted();
    if (backups.length > 0 && until !== undefined && clock.monotonic() >= until) break;
    const before = { entries, bytes };
    const result = await verifyOne(site, id, level, options, (done) => {
      const now = Math.min(size, done.storedBytes);
      onProgress?.({ entries: before.entries + done.entries, bytes: before.bytes + now, totalBytes });
    });
    if (result === null) continue;
    backups.push(id);
    entries += result.entries;
    contentBytes += result.bytes;
    bytes += size;
    onProgress?.({ entries, bytes, totalBytes });
    records.note(id, level);
  }
  await records.save(new Set(all.map(({ id }) => id)), { signal });
  const times = all.map(({ id }) => records.lastOf(id, level));
  const oldest =
    times.includes(undefined) || all.length === 0 ? undefined : Math.min(...times.map((time) => time ?? 0));
  return {
    backups,
    entries,
    contentBytes,
    objects: backups.length,
    bytes,
    totalObjects: all.length,
    totalBytes: sizeOf(all),
    ...(oldest === undefined ? {} : { oldest }),
    remembered: records.remembered,
  };
}

/** The finished backups. One whose manifest can't be read is told at once. */
async function findBackups(
  { repository }: OpenSite,
  level: CheckLevel,
  records: BackupRecords,
  { signal, onProblem }: SiteCheckOptions,
): Promise<Found[]> {
  const found: Found[] = [];
  const listed: { id: string; labelled: boolean }[] = [];
  for await (const { id, complete, labelled } of repository.list({ signal }))
    if (complete) listed.push({ id, labelled });
  for (const { id, labelled } of listed) {
    if (labelled) await orProblem(id, LABELS_NAME, onProblem, () => repository.labels(id, { signal }));
    const manifest = await orProblem(id, MANIFEST_NAME, onProblem, () => repository.manifest(id, { signal }));
    if (manifest === null) continue;
    const size = manifest.parts.reduce((sum, { storedSize }) => sum + storedSize, 0);
    found.push({ id, size, manifest, verified: records.lastOf(id, level) });
  }
  return found;
}

async function orProblem<T>(
  id: string,
  object: string,
  onProblem: (problem: SiteProblem) => void,
  read: () => Promise<T>,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return null; // deleted since it was listed
    if (!isDamage(error)) throw error;
    onProblem({ id, code: damageCode(error), message: error.message, object });
    return null;
  }
}

/** Verifies one; `null` where it was deleted meanwhile. */
async function verifyOne(
  { repository }: OpenSite,
  id: string,
  level: CheckLevel,
  { signal, onProblem }: SiteCheckOptions,
  onProgress: (done: { readonly entries: number; readonly storedBytes: number }) => void,
) {
  try {
    return await repository.verify(id, level, {
      signal,
      onProgress,
      onProblem: (problem) => onProblem({ ...problem, id }),
    });
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return null;
    throw error;
  }
}

function sizeOf(backups: readonly Verifiable[]): number {
  return backups.reduce((sum, { size }) => sum + size, 0);
}
