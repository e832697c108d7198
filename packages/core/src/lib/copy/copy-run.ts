import { type AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { type BackupListItem, describeBackup } from "../backup.ts";
import { giveBack } from "../commit.ts";
import { expectManifest } from "../find-backup.ts";
import type { JobControl, JobTotals } from "../job.ts";
import { claimId } from "../lease.ts";
import type { RunContext } from "../run-context.ts";
import type { OpenSite } from "../sites.ts";
import { trySweep, trySweepStorage } from "../try-sweep.ts";
import { copyOne } from "./copy-one.ts";
import type { CopiedBackup, CopyOptions, CopyReport } from "./copy-types.ts";
import { listStems } from "./twin.ts";

/** Copies backups from one site to another, oldest first. */
export async function runCopy(engine: RunContext, request: CopyOptions, job: JobControl): Promise<CopyReport> {
  const { ids, verify = "list" } = request;
  if (verify !== "list" && verify !== "content") throw unknownVerification(verify);
  if (request.from === request.to) throw sameSite(request.from);
  const started = new Date(engine.clock.now());
  const from = await engine.sites.open(request.from, job);
  const originals = await chooseOriginals(engine, from, ids, job);
  const to = await engine.sites.prepare(request.to, job);
  const own = { id: newBackupId(started, "manual"), kind: "copy", sources: [] } as const;
  const lease = await claimId(to.context, own, job);
  const control = { ...job, signal: AbortSignal.any([job.signal, lease.signal]) };
  const backups: CopiedBackup[] = [];
  const done = { entries: 0, bytes: 0, storedBytes: 0 };
  try {
    await trySweep(to, lease, control, null);
    await trySweepStorage(to, control);
    const there = await listStems(to, control);
    job.totals(totalsOf(originals));
    for (const { id } of originals) {
      control.signal.throwIfAborted();
      const copied = await copyOne({ engine, from, to, id, there, verify, done }, control);
      backups.push(copied);
      if (copied.status === "damaged") {
        if (ids !== undefined) throw copied.error;
        job.warning("not-copied", `The backup ${id} can't be copied: ${copied.error.message}`);
      }
      if (copied.status !== "copied") continue;
      const { counts, size, storedSize } = copied.backup;
      done.entries += counts.files + counts.directories + counts.links;
      done.bytes += size;
      done.storedBytes += storedSize;
    }
  } finally {
    await giveBack(lease, true, job);
  }
  return {
    from: from.name,
    to: to.name,
    ok: backups.every(({ status }) => status !== "damaged"),
    backups,
    ...done,
    started,
    finished: new Date(engine.clock.now()),
  };
}

/** What is to be copied, oldest first. @throws NOT_FOUND for an id that is not there */
async function chooseOriginals(
  engine: RunContext,
  from: OpenSite,
  ids: readonly string[] | undefined,
  options: AbortOptions,
): Promise<BackupListItem[]> {
  if (ids === undefined) return (await engine.catalog.list(from, options)).toReversed();
  const found: BackupListItem[] = [];
  for (const id of [...new Set(ids)].sort()) {
    await expectManifest(from, id, options);
    found.push(describeBackup(from.name, await from.repository.manifest(id, options), { preserve: false }));
  }
  return found;
}

function totalsOf(originals: readonly BackupListItem[]): JobTotals {
  const whole = originals.filter((each) => each.status !== "damaged");
  return {
    entries: whole.reduce((sum, { counts }) => sum + counts.files + counts.directories + counts.links, 0),
    bytes: whole.reduce((sum, { size }) => sum + size, 0),
  };
}

function unknownVerification(found: unknown): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "copy",
    key: "verify",
    message: `Expected the verification list or content, found ${JSON.stringify(found)}.`,
  });
}

function sameSite(name: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "copy",
    key: name,
    message: `Expected two sites, found "${name}" twice.`,
    hint: "Name the site that is read as `from`, and another one as `to`.",
  });
}
