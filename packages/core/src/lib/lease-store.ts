import { type AbortOptions, isLifeboatError, LifeboatError, type SiteContext } from "@lifeboat/contracts";
import {
  type FieldReader,
  type Fields,
  fieldReader,
  parseBackupId,
  readRunFields,
  readSiteDocument,
  runFields,
  type SiteDocument,
  writeSiteDocument,
} from "@lifeboat/manifests";
import type { FoundLease, Lease, LeaseKind } from "./leases.ts";

const LOCKS_PREFIX = "locks/";

/** The key of a backup's lease. */
export function leaseKey(id: string): string {
  return `${LOCKS_PREFIX}${id}.json`;
}

function place(id: string): SiteDocument {
  return { type: "lease", id, key: leaseKey(id), version: 1 };
}

/** Writes a lease, and answers when that was by the storage's clock. */
export function writeLease(
  site: SiteContext,
  { id, kind, state, sources, holder, run }: Lease,
  options: AbortOptions & { readonly ifAbsent?: boolean } = {},
): Promise<Date> {
  const details = { sources, holder: { ...holder }, ...(run === undefined ? {} : { run: runFields(run) }) };
  return writeSiteDocument(site, place(id), { kind, state }, details, options);
}

/** Every lease of the site; what is no lease's key is passed over. */
export async function listLeases(site: SiteContext, options: AbortOptions = {}): Promise<FoundLease[]> {
  const found: { id: string; modified: Date }[] = [];
  for await (const { key, modified } of site.storage.list(LOCKS_PREFIX, options)) {
    const id = key.slice(LOCKS_PREFIX.length).replace(/\.json$/, "");
    if (parseBackupId(id) !== null && key === leaseKey(id)) found.push({ id, modified });
  }
  const leases = await Promise.all(
    found.map(async ({ id, modified }) => {
      const lease = await readLease(site, id, options);
      return lease === "absent" ? [] : [{ id, modified, lease }];
    }),
  );
  return leases.flat();
}

/** A lease, `null` where it can't be read, `absent` where it has just been released. */
async function readLease(site: SiteContext, id: string, options: AbortOptions): Promise<Lease | null | "absent"> {
  try {
    const { open, details } = await readSiteDocument(site, place(id), options);
    return leaseOf(id, open, details);
  } catch (error) {
    if (isLifeboatError(error, "NOT_FOUND")) return "absent";
    const unreadable = ["CORRUPT", "WRONG_KEY", "INCOMPATIBLE", "UNSUPPORTED"] as const;
    if (unreadable.some((code) => isLifeboatError(error, code))) return null;
    throw error;
  }
}

function leaseOf(id: string, open: Fields, details: Fields): Lease {
  const read: FieldReader = fieldReader("lease.read", leaseKey(id));
  const { state } = open;
  const kind = LEASE_KINDS.find((each) => each === open.kind) ?? read.refuse("kind", LEASE_KINDS.join(", "));
  if (state !== "claiming" && state !== "running") read.refuse("state", "claiming or running");
  const holder = read.object(details.holder, "holder");
  const textOrNull = (name: string) => (holder[name] === null ? null : read.text(holder[name], `holder.${name}`));
  return {
    id,
    kind,
    state,
    sources: read.array(details.sources, "sources").map((source) => read.text(source, "sources")),
    holder: {
      host: read.text(holder.host, "holder.host"),
      pid: read.count(holder.pid, "holder.pid"),
      thread: read.count(holder.thread, "holder.thread"),
      boot: textOrNull("boot"),
      pidNamespace: textOrNull("pidNamespace"),
      startTime: textOrNull("startTime"),
    },
    ...(details.run === undefined ? {} : { run: readRunFields(details.run, "run", read) }),
  };
}

const LEASE_KINDS: readonly LeaseKind[] = ["backup", "delete", "keys", "rebuild", "prune", "repair", "copy", "task"];

const RUNS = {
  backup: "A backup of the same sources",
  delete: "A deletion",
  keys: "A change of keys",
  rebuild: "A rebuild",
  prune: "A prune",
  repair: "A repair",
  copy: "A copy",
  task: "A task of the same plan",
} as const;

/** Says who holds what a run needs. */
export function lockedBy(operation: string, { id, lease }: FoundLease): LifeboatError {
  const holder =
    lease === null ? "a run whose lease can't be read" : `process ${lease.holder.pid} on ${lease.holder.host}`;
  return new LifeboatError({
    code: "LOCKED",
    operation,
    key: id,
    retryable: true,
    message: `${RUNS[lease?.kind ?? "backup"]} (${id}, ${holder}) is under way on this site.`,
    hint: "Wait until it has ended. A run that died is recognised at once on its own machine, and elsewhere after two minutes.",
  });
}
