import { assertKey, type Storage } from "@lifeboat/contracts";
import { decorated } from "./decorated.ts";
import { refusal } from "./refusal.ts";

const FOUND = "this storage is only read here";
const HINT = "Write through a storage without readOnly(), where that is meant.";

/**
 * The storage, never written to: `put` and `delete` reject with
 * `PERMISSION_DENIED` before they touch a body or the storage, and there is no
 * `copy`. Declared as `capabilities.access`.
 */
export function readOnly(inner: Storage): Storage {
  return decorated(inner, {
    capabilities: (limits) => ({ ...limits, access: "read-only", copy: false }),
    async put(key, _body, o) {
      o?.signal?.throwIfAborted();
      assertKey(key, "storage.put", inner.capabilities.maxKeyBytes);
      throw refusal("storage.put", key, FOUND, HINT);
    },
    async delete(keys, o) {
      o?.signal?.throwIfAborted();
      for (const key of keys) assertKey(key, "storage.delete", inner.capabilities.maxKeyBytes);
      if (keys.length > 0) throw refusal("storage.delete", keys[0], FOUND, HINT);
    },
    copy: null,
    sweep: null,
  });
}
