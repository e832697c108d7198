import { isLifeboatError, LifeboatError, type Storage } from "@lifeboat/contracts";
import { BACKUPS_PREFIX } from "@lifeboat/manifests";
import type { Step } from "./context.ts";
import { denialOf } from "./denial.ts";
import { findingOf } from "./findings.ts";
import type { Probes } from "./probes.ts";

const CONTENT = new TextEncoder().encode("A probe of Lifeboat's test of this site. It may be deleted.\n");
/** Other bytes: an object that holds those of a retried put counts as its own, and is not refused. */
const OTHER_CONTENT = new TextEncoder().encode("This must not be written: the object is there already.\n");

/**
 * What may be deleted. Nothing is: where objects may not be deleted, that is refused also
 * for one that is not there, and then nothing is written that would have to stay.
 */
export const rights: Step = async ({ storage, probes, find, signal }) => {
  if (storage.capabilities.access === "read-only") {
    const message = "The storage is read-only: backups can be restored from it, none can be made.";
    find({ level: "info", code: "read-only", message, step: "rights" });
    return "Nothing may be written.";
  }
  const lease = await denialOf(() => storage.delete([probes.absentLease], { signal }));
  if (lease !== null) {
    probes.keep();
    find({ ...findingOf("delete", lease, storage.name), step: "rights" });
    return "Nothing may be deleted.";
  }
  const backup = await denialOf(() => storage.delete([probes.absentBackup], { signal }));
  if (backup === null) return "Objects may be deleted, as far as can be told beforehand.";
  const message = `Backups may be added, not deleted (append-only): ${backup.message}`;
  const hint = `This is right for a host that must not be able to destroy its backups: prune from another machine. Otherwise: ${backup.hint ?? "allow it to delete."}`;
  find({ level: "info", code: "append-only", message, hint, step: "rights" });
  return "Leases may be deleted, backups may not.";
};

/** Writes a small probe. */
export const write: Step = async (test) => {
  const { storage, probes, proven, signal } = test;
  const key = probes.key("small");
  const replaces = !probes.kept || storage.capabilities.access !== "append-only";
  if (!replaces && (await storage.stat(key, { signal })) !== null) {
    proven.add("written");
    return "The probe of an earlier test is there; it may not be replaced.";
  }
  const before = Date.now();
  const { modified } = await storage.put(key, CONTENT, { signal });
  test.stamp = { storage: modified, before, after: Date.now() };
  proven.add("written");
  return "A small object was written.";
};

/** Reads the probe back. */
export const read: Step = async ({ storage, probes, signal }) => {
  await expectContent(storage, probes.key("small"), signal);
  return "It came back as it was written.";
};

/** Looks for the probe in a listing; without one, whether a listing is answered at all. */
export const list: Step = async ({ storage, probes, proven, signal }) => {
  if (!proven.has("written")) {
    for await (const _ of storage.list(BACKUPS_PREFIX, { signal })) break;
    return "Objects can be listed.";
  }
  const key = probes.key("small");
  for await (const found of storage.list(key, { signal })) if (found.key === key) return "It is listed.";
  throw new LifeboatError({
    code: "NOT_FOUND",
    operation: "site.test",
    key,
    reason: "not-listed",
    message: `${storage.name} holds the object ${JSON.stringify(key)}, but its listing does not show it.`,
    hint: "Backups are found by listing, so this storage can't hold a site. If a cache or a gateway stands before it, go past it.",
  });
};

/** Creates what is there already: it must be refused. */
export const create: Step = async ({ storage, probes, find, signal }) => {
  const key = probes.key("small");
  if (!(await isRefused(storage, key, signal))) {
    throw new LifeboatError({
      code: "UNSUPPORTED",
      operation: "site.test",
      key,
      reason: "creating-overwrites",
      message: `${storage.name} was asked only to create ${JSON.stringify(key)}, which was there, and overwrote it.`,
      hint: "Two runs could then take the same lease. Use a storage that keeps its word.",
    });
  }
  if (storage.capabilities.conditionalPut) return "Creating what is there is refused, also between machines.";
  const message =
    "Creating an object is not atomic between machines here, so runs on several look twice for each other.";
  const hint = "Nothing needs to be done. A little waiting is the price, where several hosts back up to this site.";
  find({ level: "info", code: "no-conditional-put", message, hint, step: "create" });
  return "Creating what is there is refused, but not atomically between machines.";
};

/** Copies the probe inside the storage. */
export const copy: Step = async ({ storage, probes, signal }) => {
  if (storage.copy === undefined || storage.capabilities.copy === false) {
    return { skipped: "The storage does not copy; what needs copies uploads again." };
  }
  if (probes.kept) return { skipped: "Nothing is copied that could not be deleted again." };
  const to = probes.key("copy");
  await storage.copy(probes.key("small"), to, { signal });
  await expectContent(storage, to, signal);
  return storage.capabilities.copy === "hardlink" ? "It was copied, as a hard link." : "It was copied by the storage.";
};

/** Deletes the probes, and what tests that were killed have left. */
export const remove: Step = async ({ storage, probes, proven, stamp, find, signal }) => {
  if (probes.kept) {
    const key = probes.key("small");
    const message = `The object ${JSON.stringify(key)} stays in ${storage.name}: nothing may be deleted there. It is some bytes, and the next test uses it again.`;
    find({ level: "info", code: "probe-left", message, step: "delete" });
    return { skipped: "Nothing may be deleted." };
  }
  const key = probes.key("small");
  await probes.remove({ signal });
  if ((await storage.stat(key, { signal })) !== null) {
    throw new LifeboatError({
      code: "CONFLICT",
      operation: "site.test",
      key,
      reason: "still-there",
      message: `${storage.name} accepted to delete ${JSON.stringify(key)}, and still shows it.`,
      hint: "Look for a lock on objects, a snapshot or a cache in the storage.",
    });
  }
  proven.add("deleted");
  const swept = stamp === null ? 0 : await sweep(probes, stamp.storage, signal);
  return `It was deleted${swept === 0 ? "" : `, and ${swept} that earlier tests had left`}.`;
};

/** Where objects may not be listed, the step for that has said so. */
async function sweep(probes: Probes, now: Date, signal: AbortSignal): Promise<number> {
  let swept = 0;
  await denialOf(async () => {
    swept = await probes.sweep(now, { signal });
  });
  return swept;
}

async function isRefused(storage: Storage, key: string, signal: AbortSignal): Promise<boolean> {
  try {
    await storage.put(key, OTHER_CONTENT, { ifAbsent: true, signal });
    return false;
  } catch (error) {
    if (!isLifeboatError(error, "ALREADY_EXISTS")) throw error;
    return true;
  }
}

async function expectContent(storage: Storage, key: string, signal: AbortSignal): Promise<void> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of storage.get(key, { signal })) {
    size += piece.length;
    if (size > CONTENT.length) break;
    pieces.push(piece);
  }
  if (Buffer.compare(Buffer.concat(pieces), CONTENT) === 0 && size === CONTENT.length) return;
  throw notWhatWasWritten(storage, key);
}

/** The error for an object that came back changed. */
export function notWhatWasWritten(storage: Storage, key: string): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "site.test",
    key,
    message: `${storage.name} gave back other bytes for ${JSON.stringify(key)} than it was given.`,
    hint: "Check the disk, the network, and whatever stands between: this storage can't be trusted with backups.",
  });
}
