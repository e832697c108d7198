import { assertKey, isLifeboatError, type Storage } from "@lifeboat/contracts";
import { decorated } from "./decorated.ts";
import { matchesAny } from "./key-patterns.ts";
import { refusal } from "./refusal.ts";

/**
 * The objects of a site that change by design: its descriptor (keys are added and
 * changed), the labels of backups, what verifications found of them, what
 * people were told, and leases. Without them no backup could be made: each takes a lease and gives it back.
 */
export const MUTABLE_IN_A_SITE: readonly string[] = [
  "lifeboat.json",
  "lifeboat.copy.json",
  "backups/*/labels.json",
  "backups/*/verified.json",
  "locks/**",
  "notices/*",
];

/** Options of {@link appendOnly}. */
export interface AppendOnlyOptions {
  /**
   * Keys that may be replaced and deleted all the same. `*` stands for one segment,
   * `**` at the end for all that follows. Default: {@link MUTABLE_IN_A_SITE}.
   */
  readonly mutable?: readonly string[];
}

const HINT = "Backups here are only added to. Delete and prune from a machine that may.";

/**
 * The storage, only added to: what is there is neither replaced nor deleted, save
 * the `mutable` keys; both reject with `PERMISSION_DENIED`. Every other `put` is made
 * create-only, so it is as atomic as the storage's own `ifAbsent`; a `copy` looks for
 * its target beforehand, which is not atomic. Declared as `capabilities.access`.
 *
 * It guards against mistakes of this process. Against whoever has its credentials
 * only the server can guard: give it a key that may not delete.
 */
export function appendOnly(inner: Storage, options: AppendOnlyOptions = {}): Storage {
  const { mutable = MUTABLE_IN_A_SITE } = options;
  const mayChange = (key: string) => matchesAny(key, mutable);

  return decorated(inner, {
    capabilities: (limits) => ({ ...limits, access: limits.access ?? "append-only" }),
    async put(key, body, o) {
      if (mayChange(key) || o?.ifAbsent === true) return await inner.put(key, body, o);
      try {
        return await inner.put(key, body, { ...o, ifAbsent: true });
      } catch (error) {
        const taken =
          isLifeboatError(error, "ALREADY_EXISTS") && error.operation === "storage.put" && error.key === key;
        if (!taken) throw error;
        throw refusal("storage.put", key, "the object is there, and this storage is append-only", HINT, error);
      }
    },
    async delete(keys, o) {
      o?.signal?.throwIfAborted();
      for (const key of keys) assertKey(key, "storage.delete", inner.capabilities.maxKeyBytes);
      const refused = keys.find((key) => !mayChange(key));
      if (refused !== undefined) throw refusal("storage.delete", refused, "this storage is append-only", HINT);
      await inner.delete(keys, o);
    },
    copy: (copy) => async (from, to, o) => {
      if (!mayChange(to) && from !== to && (await taken(inner, to, o?.signal))) {
        throw refusal("storage.copy", to, "the target is there, and this storage is append-only", HINT);
      }
      await copy(from, to, o);
    },
  });
}

async function taken(inner: Storage, key: string, signal: AbortSignal | undefined): Promise<boolean> {
  signal?.throwIfAborted();
  assertKey(key, "storage.copy", inner.capabilities.maxKeyBytes);
  return (await inner.stat(key, { signal })) !== null;
}
