import type { Inspector } from "./subject.ts";
import type { RunRecord } from "./tree.ts";

/** What is wrong, in a sentence. */
export interface Violation {
  /** Which of the promises was broken. */
  readonly promise: "whole" | "kept" | "restorable" | "usable" | "clean" | "honest" | "sound";
  readonly message: string;
}

/** Watches a storage for broken promises, outside of time. */
export interface Observer {
  readonly violation: Violation | undefined;
  readonly commits: number;
  readonly deletions: number;
  /** An object was put or deleted, by this host. */
  changed(key: string, bytes: Uint8Array | null, by: string): void;
  /** Somebody is told to delete a backup: from now on nobody may count on it. */
  deleting(id: string): void;
  /** A reader has listed these. */
  listed(ids: readonly string[]): void;
  /** A run has ended well. */
  succeeded(id: string, record: RunRecord): void;
  isDeleted(id: string): boolean;
  /** Every backup that has to be listed once all has come to rest, with what it must hold. */
  owed(): ReadonlyMap<string, RunRecord>;
  object(promise: Violation["promise"], message: string): void;
}

/** Makes an observer of what an inspector sees. */
export function createObserver(inspector: Inspector, records: ReadonlyMap<number, RunRecord>): Observer {
  const manifests = new Set<string>();
  const believed = new Set<string>();
  const deleted = new Set<string>();
  const succeeded = new Map<string, RunRecord>();
  let violation: Violation | undefined;
  const counts = { commits: 0, deletions: 0 };

  function object(promise: Violation["promise"], message: string): void {
    violation ??= { promise, message };
  }

  /** Whoever made it, reads it now, or has read it before, relies on it. */
  function isReliedOn(id: string): boolean {
    return !deleted.has(id) && (succeeded.has(id) || believed.has(id) || !inspector.isFenced(id));
  }

  function look(occasion: string): void {
    for (const id of manifests) {
      if (!isReliedOn(id)) continue;
      const missing = inspector.missing(id);
      if (missing.length > 0) object("whole", `${id} lacks ${missing.join(", ")} after ${occasion}`);
    }
  }

  return {
    get violation() {
      return violation;
    },
    get commits() {
      return counts.commits;
    },
    get deletions() {
      return counts.deletions;
    },
    changed(key, bytes, by) {
      inspector.changed(key, bytes);
      const id = inspector.manifestOf(key);
      if (bytes === null) counts.deletions += 1;
      if (id !== null && bytes !== null) {
        manifests.add(id);
        counts.commits += 1;
      }
      if (id !== null && bytes === null) {
        manifests.delete(id);
        // A run that does not end well may take back what it has committed: its owner is told.
        const own = records.get(inspector.runOf(id) ?? -1)?.host === by && !succeeded.has(id);
        if (own) deleted.add(id);
        if (isReliedOn(id)) object("kept", `${id} was listed, nobody was told to delete it, and its manifest is gone`);
      }
      const objection = inspector.objection?.(key, bytes) ?? null;
      if (objection !== null) object("sound", objection);
      if (bytes === null || id !== null) look(`${bytes === null ? "the deletion" : "the put"} of ${key}`);
    },
    deleting: (id) => void deleted.add(id),
    isDeleted: (id) => deleted.has(id),
    listed(ids) {
      for (const id of ids) if (manifests.has(id)) believed.add(id);
      look("a listing");
    },
    succeeded(id, record) {
      succeeded.set(id, record);
      look(`the end of the run that made ${id}`);
    },
    owed() {
      const owed = new Map<string, RunRecord>();
      for (const [id, record] of succeeded) if (!deleted.has(id)) owed.set(id, record);
      for (const id of manifests) {
        const record = records.get(inspector.runOf(id) ?? -1);
        if (record !== undefined && isReliedOn(id)) owed.set(id, record);
      }
      return owed;
    },
    object,
  };
}
