import { randomBytes } from "node:crypto";
import { type AbortOptions, orAbort, type Storage } from "@lifeboat/contracts";

/**
 * How the keys of probes begin. They lie among the leases, where also a host must be able
 * to delete that may only add backups, and where whoever reads leases passes them over.
 */
const PREFIX = "locks/test-";
/** Where nothing may be deleted, only this one is written, and it stays. */
const LASTING = `${PREFIX}kept`;
/** A test that was killed left what is older, by the storage's own clock. */
const ABANDONED_MS = 3_600_000;
/** Clearing up is given so long where the test itself was cancelled, or the storage is gone. */
const CLEANUP_MS = 10_000;

/** The objects of one test. */
export interface Probes {
  /** The key of a probe; from now on it is cleared away. */
  key(name: "small" | "copy" | "large"): string;
  /** Where a backup would lie, and none does. */
  readonly absentBackup: string;
  /** Where a lease would lie, and none does. */
  readonly absentLease: string;
  /** Uses one key from now on, that is not deleted. */
  keep(): void;
  readonly kept: boolean;
  /** Deletes what was written so far. */
  remove(options: AbortOptions): Promise<void>;
  /** Deletes what is left in any case, within some seconds; answers the keys that could not be. */
  clear(): Promise<readonly string[]>;
  /** Deletes what tests that were killed have left, and answers how many that were. `now`: by the storage's clock. */
  sweep(now: Date, options: AbortOptions): Promise<number>;
}

/** Names for probes that no other test has. Writes nothing. */
export function createProbes(storage: Storage): Probes {
  const id = randomBytes(16).toString("hex");
  const written = new Set<string>();
  let kept = false;

  async function remove(options: AbortOptions): Promise<void> {
    if (written.size === 0) return;
    const keys = [...written];
    await storage.delete(keys, options);
    for (const key of keys) written.delete(key);
  }

  return {
    key(name) {
      if (kept) return LASTING;
      const key = `${PREFIX}${id}-${name}`;
      written.add(key);
      return key;
    },
    absentBackup: `backups/test-${id}`,
    absentLease: `${PREFIX}${id}`,
    keep() {
      kept = true;
    },
    get kept() {
      return kept;
    },
    remove,
    async clear() {
      const signal = AbortSignal.timeout(CLEANUP_MS);
      try {
        await orAbort(remove({ signal }), signal);
        return [];
      } catch {
        return [...written]; // why, the step that could not delete has said, or the storage is gone
      }
    },
    async sweep(now, options) {
      const abandoned: string[] = [];
      for await (const { key, modified } of storage.list(PREFIX, options)) {
        const old = now.getTime() - modified.getTime() > ABANDONED_MS;
        if (old && key !== LASTING) abandoned.push(key);
      }
      if (abandoned.length > 0) await storage.delete(abandoned, options);
      return abandoned.length;
    },
  };
}
