import { join } from "node:path";
import { assertKey, isLifeboatError, LifeboatError, type ObjectInfo, type Storage } from "@lifeboat/contracts";
import { watchBody } from "./bodies.ts";
import { decorated } from "./decorated.ts";

/**
 * A part of a storage as a storage of its own: every key is put beneath `prefix`,
 * and nothing outside it is seen. Errors name the key as the caller knows it; their
 * message names the whole one. `space` is that of the whole storage.
 *
 * @param prefix a folder, as `apps/nvr` or `apps/nvr/`
 * @throws INVALID where the prefix is no key
 */
export function withPrefix(inner: Storage, prefix: string): Storage {
  const folder = prefix.replace(/\/$/, "");
  assertKey(folder, "storage.open");
  const top = `${folder}/`;
  const topBytes = Buffer.byteLength(top);

  function whole(key: string, operation: string): string {
    assertKey(key, operation, inner.capabilities.maxKeyBytes - topBytes);
    return top + key;
  }

  function own(info: ObjectInfo): ObjectInfo {
    return { ...info, key: info.key.slice(top.length) };
  }

  function named(error: unknown, signal: AbortSignal | undefined): unknown {
    if (!isLifeboatError(error) || (signal?.aborted === true && error === signal.reason)) return error;
    if (error.key?.startsWith(top) !== true) return error;
    const { code, operation, message, retryable, hint } = error;
    return new LifeboatError({
      code,
      operation,
      message,
      retryable,
      hint,
      key: error.key.slice(top.length),
      cause: error,
    });
  }

  async function run<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw named(error, signal);
    }
  }

  return decorated(inner, {
    capabilities: (limits) => ({ ...limits, maxKeyBytes: limits.maxKeyBytes - topBytes }),
    localDirectory: (directory) => join(directory, ...folder.split("/")),
    async put(key, body, o) {
      const at = whole(key, "storage.put");
      const watched = body instanceof Uint8Array ? body : watchBody(body);
      try {
        return own(await inner.put(at, watched, o));
      } catch (error) {
        throw "failed" in watched && watched.failed ? error : named(error, o?.signal);
      }
    },
    async *get(key, o) {
      try {
        yield* inner.get(whole(key, "storage.get"), o);
      } catch (error) {
        throw named(error, o?.signal);
      }
    },
    stat: (key, o) =>
      run(o?.signal, async () => {
        const info = await inner.stat(whole(key, "storage.stat"), o);
        return info === null ? null : own(info);
      }),
    async *list(beginning, o) {
      try {
        for await (const info of inner.list(top + beginning, o)) yield own(info);
      } catch (error) {
        throw named(error, o?.signal);
      }
    },
    delete: (keys, o) =>
      run(o?.signal, async () => {
        await inner.delete(
          keys.map((key) => whole(key, "storage.delete")),
          o,
        );
      }),
    copy: (copy) => (from, to, o) =>
      run(o?.signal, async () => {
        await copy(whole(from, "storage.copy"), whole(to, "storage.copy"), o);
      }),
  });
}
