import {
  assertKey,
  interruptible,
  LifeboatError,
  resolveRange,
  type Storage,
  type StorageCapabilities,
} from "@lifeboat/contracts";
import { MUTABLE_IN_A_SITE } from "./append-only.ts";
import { inPieces } from "./bodies.ts";
import { Documents } from "./documents.ts";
import { matchesAny } from "./key-patterns.ts";

/** Options of {@link noopStorage}. */
export interface NoopStorageOptions {
  /** For messages. Default: `nowhere`. */
  readonly name?: string;
  /**
   * Keys that are kept, in memory, as patterns: `*` stands for one segment, `**` at
   * the end for all that follows. Default: a site's small documents, which a backup
   * reads back while it runs: the descriptor, leases, manifests, labels and what verifications found.
   */
  readonly keep?: readonly string[];
}

const PIECE = 1024 * 1024;

const DOCUMENTS_OF_A_SITE = [...MUTABLE_IN_A_SITE, "backups/*/manifest.json"];

const CAPABILITIES: StorageCapabilities = {
  conditionalPut: false,
  copy: false,
  space: false,
  maxKeyBytes: 1024,
  maxObjectBytes: Number.POSITIVE_INFINITY,
};

/**
 * A storage that takes everything and keeps nothing but a site's small documents,
 * for dry runs: how long a backup takes, and how large it would be. A put reads its
 * body to the end and answers its size; afterwards the object is absent: reads are
 * `NOT_FOUND`, and no listing shows it. The documents are gone with the storage.
 *
 * **Nothing can be restored from it.**
 */
export function noopStorage(options: NoopStorageOptions = {}): Storage {
  const { name = "nowhere", keep = DOCUMENTS_OF_A_SITE } = options;
  const documents = new Documents();
  let disposed = false;

  function begin(operation: string, signal: AbortSignal | undefined, ...keys: readonly string[]): void {
    signal?.throwIfAborted();
    if (disposed) {
      throw new LifeboatError({ code: "INVALID", operation, message: "The storage has been disposed of." });
    }
    for (const key of keys) assertKey(key, operation, CAPABILITIES.maxKeyBytes);
  }

  return {
    name,
    capabilities: CAPABILITIES,
    async put(key, body, { ifAbsent = false, signal } = {}) {
      begin("storage.put", signal, key);
      const kept = matchesAny(key, keep);
      const pieces: Uint8Array[] = [];
      let size = 0;
      for await (const piece of body instanceof Uint8Array ? [body] : interruptible(body, signal)) {
        size += piece.length;
        if (kept) pieces.push(Uint8Array.from(piece));
      }
      begin("storage.put", signal);
      return kept ? documents.put(key, Buffer.concat(pieces), ifAbsent) : { key, size, modified: new Date() };
    },
    async *get(key, { range, signal } = {}) {
      begin("storage.get", signal, key);
      const { start, end } = resolveRange(range, "storage.get", key);
      const bytes = documents.get(key);
      if (bytes === undefined) throw missing(key);
      for await (const piece of inPieces(bytes.subarray(start, end), PIECE)) {
        signal?.throwIfAborted();
        yield Uint8Array.from(piece);
      }
    },
    async stat(key, { signal } = {}) {
      begin("storage.stat", signal, key);
      return documents.stat(key);
    },
    async *list(prefix, { signal } = {}) {
      begin("storage.list", signal);
      for (const info of documents.list(prefix)) {
        signal?.throwIfAborted();
        yield info;
      }
    },
    async delete(keys, { signal } = {}) {
      begin("storage.delete", signal, ...keys);
      documents.delete(keys);
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
      documents.clear();
    },
  };
}

function missing(key: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation: "storage.get",
    key,
    message: `Expected an object at ${JSON.stringify(key)}, found none: this storage keeps no content.`,
  });
}
