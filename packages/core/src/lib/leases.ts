import type { RunInfo } from "@lifeboat/contracts";
import type { ProcessIdentity } from "@lifeboat/threads";

/** What a lease is held for. */
export type LeaseKind = "backup" | "delete" | "keys" | "rebuild" | "prune" | "repair" | "copy" | "task";

/**
 * How far a run has come with its lease. `claiming`: it has yet to look at the
 * others'. `running`: it has looked, and found that it may go on.
 */
export type LeaseState = "claiming" | "running";

/** What a change of keys claims; no source can have this id. */
export const KEYS_CLAIM = ":keys";

/** What a prune and a repair claim, so that a site has one of them at a time; no source can have this id. */
export const PRUNE_CLAIM = ":prune";

/**
 * Whether a manifest may still arrive under a lease's own id, so that nobody may pass over it without a fence.
 * One that can't be read may be a backup's.
 */
export function mayCommit({ lease }: FoundLease): boolean {
  return lease === null || lease.kind === "backup" || lease.kind === "delete";
}

/** What a deletion, a rebuild and a copy of this backup claim, so that they exclude each other; no source can have this id. */
export function backupClaim(id: string): string {
  return `:backup ${id}`;
}

/** What a task of a plan claims that is no backup, so that one process of an instance runs it; no source can have this id. */
export function taskClaim(instance: string, plan: string, task: string): string {
  return `:task ${JSON.stringify([instance, plan, task])}`;
}

/** A run's claim on a backup's folder and on the sources it reads. */
export interface Lease {
  /** The backup's id; for a change of keys and for a rebuild one made like it. */
  readonly id: string;
  readonly kind: LeaseKind;
  readonly state: LeaseState;
  /** The sources that no other run may read into this site meanwhile. */
  readonly sources: readonly string[];
  readonly holder: ProcessIdentity;
  /** What a backup is made for, so that others can tell of one that dies. */
  readonly run?: RunInfo | undefined;
}

/** A lease as it was found in a storage. */
export interface FoundLease {
  readonly id: string;
  /** When it was last written, by the storage's clock. */
  readonly modified: Date;
  /** `null` where it can't be read: it then counts as covering every source. */
  readonly lease: Lease | null;
}

/** How long a lease lives without being renewed, in milliseconds of the storage's clock. */
export const LEASE_MS = 120_000;
/** How often it is renewed. */
export const RENEW_MS = 30_000;
/** How soon a renewal that failed is tried again. */
export const RETRY_MS = 5_000;

/** What tells a live lease from a dead one. */
export interface LeaseFacts {
  /** Now, by the storage's clock. */
  readonly storageNow: Date;
  /** Whether its holder is proven gone. */
  readonly gone: (lease: Lease) => boolean;
}

/** Whether a lease is dead: its holder is proven gone, or it has not been renewed in time. */
export function isDead({ lease, modified }: FoundLease, { storageNow, gone }: LeaseFacts): boolean {
  if (lease !== null && gone(lease)) return true;
  return storageNow.getTime() - modified.getTime() > LEASE_MS;
}

/** What a run that has published its claim does next. */
export type ClaimVerdict =
  | { readonly verdict: "go" }
  | { readonly verdict: "wait"; readonly other: FoundLease }
  | { readonly verdict: "withdraw"; readonly other: FoundLease };

/**
 * Decides between a run's own claim and the live leases of others: a running one
 * that covers one of its sources makes it withdraw; so does an earlier claim; for
 * a later claim it waits until that has withdrawn or runs.
 *
 * Of two runs at most one goes on, because each writes its claim before it looks:
 * at least one sees the other, and waits or withdraws until the other is decided.
 */
export function judgeClaim(own: Lease, others: readonly FoundLease[]): ClaimVerdict {
  const rivals = others.filter((other) => other.id !== own.id && overlaps(own, other.lease));
  const stronger = rivals.find(({ id, lease }) => lease === null || lease.state === "running" || id < own.id);
  if (stronger !== undefined) return { verdict: "withdraw", other: stronger };
  const weaker = rivals[0];
  return weaker === undefined ? { verdict: "go" } : { verdict: "wait", other: weaker };
}

function overlaps(own: Lease, other: Lease | null): boolean {
  if (own.sources.length === 0) return false;
  if (other === null) return true;
  if (own.kind === "copy" && other.kind === "copy") return false; // both only read
  return other.sources.some((source) => own.sources.includes(source));
}

/** What is known of a backup's folder when a sweep looks at it. */
export interface SweepFolder {
  readonly id: string;
  readonly complete: boolean;
}

/** What a sweep does. */
export interface SweepPlan {
  /** Backups whose run is dead and which have no manifest: what there is of the folder goes, then the lease. */
  readonly remove: readonly string[];
  /** Leases that nothing needs any more, because the backup is complete. */
  readonly release: readonly string[];
  /** Folders with neither a lease nor a manifest: they have lost it, and are left alone. */
  readonly orphans: readonly string[];
}

/** Decides what to sweep. The leases were listed before the folders. */
export function planSweep(
  folders: readonly SweepFolder[],
  leases: readonly FoundLease[],
  facts: LeaseFacts,
): SweepPlan {
  const known = new Map(folders.map((folder) => [folder.id, folder]));
  const leased = new Set(leases.map((lease) => lease.id));
  const dead = leases.filter((lease) => isDead(lease, facts)).map((lease) => lease.id);
  const complete = (id: string) => known.get(id)?.complete === true;
  return {
    remove: dead.filter((id) => !complete(id)),
    release: dead.filter(complete),
    orphans: folders.filter(({ id, complete }) => !complete && !leased.has(id)).map(({ id }) => id),
  };
}
