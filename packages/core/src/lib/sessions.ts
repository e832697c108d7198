import type { AbortOptions } from "@lifeboat/contracts";
import { backupKey, MANIFEST_NAME, openFences, parseBackupId } from "@lifeboat/manifests";
import type { HeldLease } from "./lease.ts";
import { listLeases } from "./lease-store.ts";
import { type FoundLease, isDead, mayCommit } from "./leases.ts";
import type { OpenSite } from "./sites.ts";

/** A run that began so long before its own clock says may be meant; it is no matter of safety. */
const CLOCKS_MS = 60 * 60_000;

/**
 * The runs of a site that may still rely on what lies there, all but those that read and delete only. One that is
 * dead is fenced and left out; where its manifest is there already it is over anyway.
 */
export async function openSessions(
  { context }: OpenSite,
  own: Pick<HeldLease, "id" | "facts">,
  options: AbortOptions,
): Promise<readonly string[]> {
  const open: string[] = [];
  for (const lease of await listLeases(context, options)) {
    if (lease.id === own.id || !relies(lease)) continue;
    if (!isDead(lease, own.facts())) open.push(lease.id);
    else if (mayCommit(lease)) await fence(lease, context, options);
  }
  return open;
}

async function fence({ id }: FoundLease, context: OpenSite["context"], options: AbortOptions): Promise<void> {
  const manifest = await context.storage.stat(backupKey(id, MANIFEST_NAME), options);
  if (manifest === null) await openFences(context).put(id, options);
}

function relies(found: FoundLease): boolean {
  return mayCommit(found) || found.lease?.kind === "rebuild";
}

/** Since when backups that are being made may have written something; `undefined` where none is. */
export async function busySince({ context }: OpenSite, options: AbortOptions): Promise<Date | undefined> {
  const times = (await listLeases(context, options))
    .filter(mayCommit)
    .map(({ id }) => parseBackupId(id)?.time.getTime() ?? 0);
  return times.length === 0 ? undefined : new Date(Math.min(...times) - CLOCKS_MS);
}
