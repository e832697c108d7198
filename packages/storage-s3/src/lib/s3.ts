import { setMaxListeners } from "node:events";
import {
  type AbortOptions,
  isLifeboatError,
  LifeboatError,
  type Storage,
  type StorageCapabilities,
} from "@lifeboat/contracts";
import { openClient } from "./client.ts";
import { type ConditionalPuts, conditionalPuts } from "./conditional.ts";
import { connect } from "./connection.ts";
import { type Context, limitsOf } from "./context.ts";
import { copy } from "./copy.ts";
import { get } from "./get.ts";
import { maxKeyBytes } from "./keys.ts";
import { list } from "./list.ts";
import { transferMemory } from "./memory.ts";
import { type S3StorageOptions, type Settings, settingsOf } from "./options.ts";
import { put } from "./put.ts";
import { remove } from "./remove.ts";
import { stat } from "./stat.ts";
import { sweep } from "./sweep.ts";

/** A storage that can always be connected to and swept. */
export type S3Storage = Storage & Required<Pick<Storage, "connect" | "sweep" | "copy">>;

/**
 * A storage in a bucket of S3, or of a service that speaks it: each object is one
 * of the bucket's, under the prefix. Does nothing before it is asked to, and keeps
 * its connections until it is disposed of.
 *
 * Whether creating (`ifAbsent`) is atomic is tried out with the first such put, or
 * by {@link Storage.connect}, on an object of its own; where the server cannot do
 * it, a put looks first, and `capabilities.conditionalPut` stays `false`.
 *
 * @throws INVALID where the options contradict each other or lack something
 */
export function s3Storage(options: S3StorageOptions): S3Storage {
  const settings = settingsOf(options);
  const { provider, region } = settings;
  const endpoint = settings.endpoint ?? (options.client === undefined ? "Amazon S3" : "the client's endpoint");
  const connection = connect({
    where: {
      bucket: settings.bucket,
      region: region ?? "of the AWS configuration",
      endpoint,
      idleTimeout: settings.idleTimeout,
    },
    retryTime: settings.retryTime,
    open: () => options.client ?? openClient(settings),
    owned: options.client === undefined,
  });
  const conditional = conditionalPuts(settings, connection);
  const context: Context = {
    settings,
    connection,
    conditional,
    limits: limitsOf(settings),
    memory: transferMemory(settings.partBytes * settings.uploadConcurrency),
    segments: { held: 0 },
  };
  let disposed = false;

  function begin(operation: string, { signal }: AbortOptions): void {
    signal?.throwIfAborted();
    if (signal !== undefined) setMaxListeners(0, signal); // one serves a whole run: each request on its way listens to it
    if (!disposed) return;
    throw new LifeboatError({ code: "INVALID", operation, message: "The storage has been disposed of." });
  }

  async function run<T>(operation: string, o: AbortOptions, work: () => Promise<T>): Promise<T> {
    begin(operation, o);
    return await work();
  }

  async function* each<T>(operation: string, o: AbortOptions, items: () => AsyncIterable<T>): AsyncGenerator<T> {
    begin(operation, o);
    yield* items();
  }

  return {
    name: settings.name,
    capabilities: capabilitiesOf(settings, () => conditional.proven),
    put: (key, body, o = {}) => run("storage.put", o, () => put(context, key, body, o)),
    get: (key, o = {}) => each("storage.get", o, () => get(context, key, o)),
    stat: (key, o = {}) => run("storage.stat", o, () => stat(context, key, o)),
    list: (prefix, o = {}) => each("storage.list", o, () => list(context, prefix, o)),
    delete: (keys, o = {}) => run("storage.delete", o, () => remove(context, keys, o)),
    copy: (from, to, o = {}) => run("storage.copy", o, () => copy(context, from, to, o)),
    connect: (o = {}) => run("storage.connect", o, () => reach(conditional, o)),
    sweep: (o = {}) => run("storage.sweep", o, () => sweep(context, o)),
    async [Symbol.asyncDispose]() {
      disposed = true;
      connection.close();
    },
  };

  function capabilitiesOf(of: Settings, proven: () => boolean): StorageCapabilities {
    return {
      get conditionalPut() {
        return proven();
      },
      copy: "server",
      space: false,
      maxKeyBytes: maxKeyBytes(of),
      maxObjectBytes: Math.min(provider.maxObjectBytes, of.sizes.capacity),
      minPartBytes: provider.minPartBytes,
      maxParts: provider.maxParts,
    };
  }
}

/** A key that may only read has no more to find out. */
async function reach(conditional: ConditionalPuts, options: AbortOptions): Promise<void> {
  try {
    await conditional.inOne(options);
  } catch (error) {
    if (!isLifeboatError(error, "PERMISSION_DENIED")) throw error;
  }
}
