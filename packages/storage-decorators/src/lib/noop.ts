import { assertKey, interruptible, LifeboatError, type Storage, type StorageCapabilities } from "@lifeboat/contracts";

/** Options of {@link noopStorage}. */
export interface NoopStorageOptions {
  /** For messages. Default: `nowhere`. */
  readonly name?: string;
}

const CAPABILITIES: StorageCapabilities = {
  conditionalPut: false,
  copy: false,
  space: false,
  maxKeyBytes: 1024,
  maxObjectBytes: Number.POSITIVE_INFINITY,
};

/**
 * A storage that takes everything and keeps nothing, to measure how long and how
 * large a backup would be. A put reads its body to the end and answers its size;
 * afterwards nothing is there: reads are `NOT_FOUND`, listings empty.
 *
 * **Nothing can be restored from it.**
 */
export function noopStorage(options: NoopStorageOptions = {}): Storage {
  let disposed = false;

  function begin(operation: string, signal: AbortSignal | undefined, ...keys: readonly string[]): void {
    signal?.throwIfAborted();
    if (disposed) {
      throw new LifeboatError({ code: "INVALID", operation, message: "The storage has been disposed of." });
    }
    for (const key of keys) assertKey(key, operation, CAPABILITIES.maxKeyBytes);
  }

  return {
    name: options.name ?? "nowhere",
    capabilities: CAPABILITIES,
    async put(key, body, { signal } = {}) {
      begin("storage.put", signal, key);
      let size = 0;
      if (body instanceof Uint8Array) size = body.length;
      else for await (const piece of interruptible(body, signal)) size += piece.length;
      begin("storage.put", signal);
      return { key, size, modified: new Date() };
    },
    get: (key, { signal } = {}) =>
      nothing(() => {
        begin("storage.get", signal, key);
        throw missing(key);
      }),
    async stat(key, { signal } = {}) {
      begin("storage.stat", signal, key);
      return null;
    },
    list: (_prefix, { signal } = {}) => nothing(() => begin("storage.list", signal)),
    async delete(keys, { signal } = {}) {
      begin("storage.delete", signal, ...keys);
    },
    async [Symbol.asyncDispose]() {
      disposed = true;
    },
  };
}

/** An iteration that ends, or fails, at its first pull. */
async function* nothing(check: () => void): AsyncGenerator<never> {
  check();
  yield* [];
}

function missing(key: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation: "storage.get",
    key,
    message: `Expected an object at ${JSON.stringify(key)}, found none: this storage keeps nothing.`,
  });
}
