import { type Clock, isLifeboatError } from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { giveBack } from "../commit.ts";
import type { JobControl } from "../job.ts";
import { claimId, type HeldLease } from "../lease.ts";
import { backupClaim } from "../leases.ts";
import type { OpenSite } from "../sites.ts";

/** A backup that nobody deletes meanwhile. */
export interface HeldOriginal extends AsyncDisposable {
  /** Aborts once that is not sure any more. */
  readonly signal: AbortSignal;
}

/**
 * Keeps others from deleting a backup while it is read. Where nothing may be written, it is read all the same:
 * should it go meanwhile, reading fails, and nothing of the copy is ever listed.
 *
 * @throws LOCKED while it is being deleted or rebuilt
 */
export async function holdOriginal(clock: Clock, from: OpenSite, id: string, job: JobControl): Promise<HeldOriginal> {
  const lease = from.context.storage.capabilities.access === "read-only" ? null : await claim(clock, from, id, job);
  return {
    signal: lease?.signal ?? job.signal,
    async [Symbol.asyncDispose]() {
      if (lease !== null) await giveBack(lease, true, job);
    },
  };
}

async function claim(clock: Clock, { context }: OpenSite, id: string, job: JobControl): Promise<HeldLease | null> {
  const own = {
    id: newBackupId(new Date(clock.now()), "manual"),
    kind: "copy",
    sources: [backupClaim(id)],
  } as const;
  try {
    return await claimId(context, own, job);
  } catch (error) {
    if (isLifeboatError(error, "PERMISSION_DENIED")) return null;
    throw error;
  }
}
