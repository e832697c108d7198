import { interruptible, type Storage } from "@lifeboat/contracts";
import { inPieces } from "./bodies.ts";
import { decorated } from "./decorated.ts";
import { atLeast } from "./options.ts";
import { Watch } from "./watch.ts";

/** Options of {@link withTimeLimits}, in milliseconds. */
export interface TimeLimitOptions {
  /**
   * How long a put, a get or a listing may stay silent. A put is silent while it
   * neither asks for the next piece of its body nor ends: allow the time that
   * sending what the storage buffers can take. Default: 120,000.
   */
  readonly idleMs?: number;
  /** For a whole `stat`, `delete` or `space`. Default: 120,000. */
  readonly requestMs?: number;
  /** For a whole `copy`. Default: 1,800,000 (half an hour: a server may copy terabytes). */
  readonly copyMs?: number;
}

const MIB = 1024 * 1024;
/** A larger array is put in pieces, so that its progress shows. */
const LARGE = 4 * MIB;

/**
 * The storage, never silent for longer than it may be: such a call rejects with
 * `TIMEOUT`, retryable, and is aborted. The time that the body's maker or the reader
 * takes does not count, so a transfer may last for days while it moves.
 *
 * @throws INVALID where a limit is not positive
 */
export function withTimeLimits(inner: Storage, options: TimeLimitOptions = {}): Storage {
  const idleMs = atLeast(1, options.idleMs ?? 120_000, "withTimeLimits", "idleMs");
  const requestMs = atLeast(1, options.requestMs ?? 120_000, "withTimeLimits", "requestMs");
  const copyMs = atLeast(1, options.copyMs ?? 1_800_000, "withTimeLimits", "copyMs");

  async function* watched<T>(watch: Watch, items: (signal: AbortSignal) => AsyncIterable<T>): AsyncGenerator<T> {
    try {
      watch.start();
      for await (const item of interruptible(items(watch.signal), watch.signal)) {
        watch.stop();
        yield item;
        watch.start();
      }
    } finally {
      watch.end();
    }
  }

  async function* handedOver(body: AsyncIterable<Uint8Array>, watch: Watch): AsyncGenerator<Uint8Array> {
    watch.stop();
    try {
      for await (const piece of body) {
        watch.start();
        yield piece;
        watch.stop();
      }
    } finally {
      watch.start();
    }
  }

  return decorated(inner, {
    put(key, body, o) {
      const watch = new Watch(o?.signal, idleMs, "storage.put", key);
      const pieces = body instanceof Uint8Array && body.length > LARGE ? inPieces(body, MIB) : body;
      const counted = pieces instanceof Uint8Array ? pieces : handedOver(pieces, watch);
      return watch.limit(() => inner.put(key, counted, { ...o, signal: watch.signal }));
    },
    async *get(key, o) {
      yield* watched(new Watch(o?.signal, idleMs, "storage.get", key), (signal) => inner.get(key, { ...o, signal }));
    },
    async *list(prefix, o) {
      yield* watched(new Watch(o?.signal, idleMs, "storage.list"), (signal) => inner.list(prefix, { ...o, signal }));
    },
    stat(key, o) {
      const watch = new Watch(o?.signal, requestMs, "storage.stat", key);
      return watch.limit(() => inner.stat(key, { signal: watch.signal }));
    },
    delete(keys, o) {
      const watch = new Watch(o?.signal, requestMs, "storage.delete", keys[0]);
      return watch.limit(() => inner.delete(keys, { signal: watch.signal }));
    },
    copy: (copy) => (from, to, o) => {
      const watch = new Watch(o?.signal, copyMs, "storage.copy", from);
      return watch.limit(() => copy(from, to, { signal: watch.signal }));
    },
    space: (space) => (o) => {
      const watch = new Watch(o?.signal, requestMs, "storage.space");
      return watch.limit(() => space({ signal: watch.signal }));
    },
  });
}
