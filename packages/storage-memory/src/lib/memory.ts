import {
  assertKey,
  interruptible,
  LifeboatError,
  type ObjectInfo,
  resolveRange,
  type Storage,
  type StorageCapabilities,
} from "@lifeboat/contracts";
import { collect } from "./collect.ts";
import { missing, taken } from "./errors.ts";
import { pieces } from "./pieces.ts";

/** Options of {@link memoryStorage}. */
export interface MemoryStorageOptions {
  /** For messages. Default: `memory`. */
  readonly name?: string;
}

interface StoredBytes {
  readonly bytes: Uint8Array;
  readonly modified: Date;
}

const CAPABILITIES: StorageCapabilities = {
  conditionalPut: true,
  copy: "server",
  space: false,
  maxKeyBytes: 1024,
  maxObjectBytes: Number.POSITIVE_INFINITY,
};

/**
 * A storage in the memory of this process, for tests and try-outs: everything in
 * it is gone with the process. Bytes are copied on the way in and on the way out,
 * so nobody can change what is stored. A read goes on with the object that it
 * began with, whatever is put meanwhile; a listing shows what was there when it
 * began.
 */
export function memoryStorage(options: MemoryStorageOptions = {}): Storage {
  const objects = new Map<string, StoredBytes>();
  let disposed = false;

  function begin(operation: string, signal: AbortSignal | undefined, ...keys: readonly string[]): void {
    signal?.throwIfAborted();
    if (disposed) {
      throw new LifeboatError({ code: "INVALID", operation, message: "The storage has been disposed of." });
    }
    for (const key of keys) assertKey(key, operation, CAPABILITIES.maxKeyBytes);
  }

  function info(key: string, { bytes, modified }: StoredBytes): ObjectInfo {
    return { key, size: bytes.length, modified };
  }

  return {
    name: options.name ?? "memory",
    capabilities: CAPABILITIES,

    async put(key, body, { ifAbsent = false, signal } = {}) {
      begin("storage.put", signal, key);
      if (ifAbsent && objects.has(key)) throw taken(key);
      const bytes = body instanceof Uint8Array ? new Uint8Array(body) : await collect(interruptible(body, signal));
      begin("storage.put", signal);
      if (ifAbsent && objects.has(key)) throw taken(key);
      const stored = { bytes, modified: new Date() };
      objects.set(key, stored);
      return info(key, stored);
    },

    async *get(key, { range, signal } = {}) {
      begin("storage.get", signal, key);
      const span = resolveRange(range, "storage.get", key);
      const stored = objects.get(key);
      if (stored === undefined) throw missing(key, "storage.get");
      for (const piece of pieces(stored.bytes, span)) {
        signal?.throwIfAborted();
        yield piece;
      }
    },

    async stat(key, { signal } = {}) {
      begin("storage.stat", signal, key);
      const stored = objects.get(key);
      return stored === undefined ? null : info(key, stored);
    },

    async *list(prefix, { signal } = {}) {
      begin("storage.list", signal);
      for (const [key, stored] of Array.from(objects)) {
        signal?.throwIfAborted();
        if (key.startsWith(prefix)) yield info(key, stored);
      }
    },

    async delete(keys, { signal } = {}) {
      begin("storage.delete", signal, ...keys);
      for (const key of keys) objects.delete(key);
    },

    async copy(from, to, { signal } = {}) {
      begin("storage.copy", signal, from, to);
      const stored = objects.get(from);
      if (stored === undefined) throw missing(from, "storage.copy");
      objects.set(to, { bytes: stored.bytes, modified: new Date() });
    },

    async [Symbol.asyncDispose]() {
      disposed = true;
      objects.clear();
    },
  };
}
