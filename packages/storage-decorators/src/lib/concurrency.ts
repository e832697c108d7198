import type { Storage } from "@lifeboat/contracts";
import { decorated } from "./decorated.ts";
import { atLeast } from "./options.ts";
import { Slots } from "./slots.ts";
import { through } from "./through.ts";

/** Options of {@link withConcurrency}: how many of each kind run beside each other. Default of each: no limit. */
export interface ConcurrencyOptions {
  /** Puts, but for small arrays of bytes: those count as requests, so that a lease is renewed however long uploads last. */
  readonly uploads?: number;
  /**
   * Gets. Each holds its slot from its first pull until it is read to its end or
   * left: whoever reads several objects in turns needs as many slots.
   */
  readonly downloads?: number;
  /** Copies inside the storage. */
  readonly copies?: number;
  /** `stat`, `delete`, `space`, each pull of a listing, and puts of arrays of up to 64 KiB. */
  readonly requests?: number;
}

/** An array of so many bytes is a document, and putting it a request like others. */
const DOCUMENT_BYTES = 64 * 1024;

/**
 * The storage, with a limit on how much runs beside each other; what comes above it
 * waits in line. Each kind has a line of its own, so an upload of what a download
 * yields never waits for itself. Memory follows from the numbers: a storage's own
 * bound for one upload or download, times so many.
 *
 * @throws INVALID where a limit is below 1
 */
export function withConcurrency(inner: Storage, options: ConcurrencyOptions): Storage {
  const [uploads, downloads, copies, requests] = (["uploads", "downloads", "copies", "requests"] as const).map(
    (kind) => new Slots(atLeast(1, options[kind] ?? Number.POSITIVE_INFINITY, "withConcurrency", kind)),
  ) as [Slots, Slots, Slots, Slots];

  return decorated(inner, {
    put(key, body, o) {
      const slots = body instanceof Uint8Array && body.length <= DOCUMENT_BYTES ? requests : uploads;
      return slots.during(o?.signal, () => inner.put(key, body, o));
    },
    async *get(key, o) {
      await downloads.take(o?.signal);
      try {
        yield* inner.get(key, o);
      } finally {
        downloads.give();
      }
    },
    stat: (key, o) => requests.during(o?.signal, () => inner.stat(key, o)),
    list: (prefix, o) => through(inner.list(prefix, o), (pull) => requests.during(o?.signal, pull)),
    delete: (keys, o) => requests.during(o?.signal, () => inner.delete(keys, o)),
    copy: (copy) => (from, to, o) => copies.during(o?.signal, () => copy(from, to, o)),
    space: (space) => (o) => requests.during(o?.signal, () => space(o)),
  });
}
