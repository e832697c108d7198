import { setMaxListeners } from "node:events";
import {
  type AbortOptions,
  interruptible,
  LifeboatError,
  type Storage,
  type StorageCapabilities,
} from "@lifeboat/contracts";
import type { Abilities } from "./abilities.ts";
import { copy } from "./copy.ts";
import { explain } from "./errors.ts";
import { get } from "./get.ts";
import { Ground } from "./ground.ts";
import { Line } from "./line.ts";
import { list } from "./list.ts";
import { isRefusal, STATUS } from "./lost.ts";
import { type SftpStorageOptions, settingsOf } from "./options.ts";
import { MAX_KEY_BYTES, MAX_SEGMENT_BYTES } from "./place.ts";
import { promptly } from "./promptly.ts";
import { put } from "./put.ts";
import { remove } from "./remove.ts";
import { nearestRoom } from "./space.ts";
import { stat } from "./stat.ts";
import { sweep } from "./sweep.ts";

/** Goodbyes and clearing up are given so long. */
const FAREWELL_MS = 2000;

const UNKNOWN: StorageCapabilities = {
  conditionalPut: false,
  copy: false,
  space: false,
  maxKeyBytes: MAX_KEY_BYTES,
  maxSegmentBytes: MAX_SEGMENT_BYTES,
  maxObjectBytes: Number.POSITIVE_INFINITY,
};

/**
 * A storage in a directory of an SFTP server: each object is a file at its key.
 * Files are `0600` and folders `0700`. Objects that are links are refused, and
 * what is no regular file is no object. A key cannot be an object and a folder of
 * other objects at once (`INVALID`).
 *
 * Connects when it is first asked to do something, and closes connections that
 * nobody uses. Where the server goes away, a call waits for it up to
 * `outageMs` and goes on with the first byte that was not acknowledged. Times are
 * whole seconds, as SFTP has them.
 *
 * What the server can do is found out by trying, on small files in the storage's
 * directory, by `connect` or the first put. Before, `capabilities` declare only what
 * every server can do, and `copy` and `space` are absent.
 *
 * @throws INVALID where an option is wrong
 */
export function sftpStorage(options: SftpStorageOptions): Storage {
  const settings = settingsOf(options);
  const line = new Line(settings);
  const ground = new Ground(settings, line, learn);
  const parts = { settings, line, ground };
  let disposed = false;

  function begin(operation: string, signal: AbortSignal | undefined): void {
    signal?.throwIfAborted();
    if (signal !== undefined) setMaxListeners(0, signal); // one serves a whole run: each call under way listens to it
    if (!disposed) return;
    throw new LifeboatError({ code: "INVALID", operation, message: "The storage has been disposed of." });
  }

  function explained(error: unknown, operation: string, key: string | undefined, signal: AbortSignal | undefined) {
    if (signal?.aborted === true) return signal.reason;
    return explain(error, { operation, key, storage: settings.name, username: settings.username });
  }

  async function run<T>(operation: string, key: string | undefined, { signal }: AbortOptions, work: () => Promise<T>) {
    try {
      begin(operation, signal);
      return await promptly(work(), signal);
    } catch (error) {
      throw explained(error, operation, key, signal);
    }
  }

  async function* each<T>(
    operation: string,
    key: string | undefined,
    { signal }: AbortOptions,
    items: () => AsyncIterable<T>,
  ) {
    try {
      begin(operation, signal);
      yield* interruptible(items(), signal);
    } catch (error) {
      throw explained(error, operation, key, signal);
    }
  }

  const storage: { -readonly [Name in keyof Storage]: Storage[Name] } = {
    name: settings.name,
    capabilities: UNKNOWN,
    put: (key, body, o = {}) => run("storage.put", key, o, () => put(parts, key, body, o)),
    get: (key, o = {}) => each("storage.get", key, o, () => get(parts, key, o)),
    stat: (key, o = {}) => run("storage.stat", key, o, () => stat(parts, key, o)),
    list: (prefix, o = {}) => each("storage.list", undefined, o, () => list(parts, prefix, o)),
    delete: (keys, o = {}) => run("storage.delete", undefined, o, () => remove(parts, keys, o)),
    sweep: (o = {}) => run("storage.sweep", undefined, o, () => sweep(parts, o)),
    connect: (o = {}) => run("storage.connect", undefined, o, () => reach(ground)),
    async [Symbol.asyncDispose]() {
      disposed = true;
      await ground.settled(FAREWELL_MS);
      line.close();
    },
  };

  function learn({ links, exclusive, space }: Abilities): void {
    storage.capabilities = { ...UNKNOWN, conditionalPut: links || exclusive, copy: links ? "hardlink" : false, space };
    if (links) storage.copy = (from, to, o = {}) => run("storage.copy", from, o, () => copy(parts, from, to, o));
    if (!space) return;
    storage.space = (o = {}) =>
      run("storage.space", undefined, o, () => line.run((on) => nearestRoom(on, settings.root), o.signal));
  }

  return storage;
}

/** An account that may only read has no more to find out. */
async function reach(ground: Ground): Promise<void> {
  try {
    await ground.abilities();
  } catch (error) {
    if (!isRefusal(error, STATUS.denied)) throw error;
  }
}
