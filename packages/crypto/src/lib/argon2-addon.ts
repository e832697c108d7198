import { createRequire } from "node:module";
import type { Argon2Input } from "./slots.ts";

type Addon = Pick<typeof import("@node-rs/argon2"), "hashRaw">;

let loaded: Addon | null | undefined;

/**
 * Argon2id by the compiled code of `@node-rs/argon2`, on a thread of libuv's: five times as fast as WebAssembly.
 * `null` where that optional package is not installed, has nothing for this system, or addons are not allowed: others
 * give the same result.
 */
export function argon2Addon(): ((input: Argon2Input) => Promise<Uint8Array>) | null {
  if (loaded === undefined) loaded = load();
  const addon = loaded;
  if (addon === null) return null;
  return async ({ password, salt, memoryKiB, passes, parallelism }) => {
    const options = { salt, memoryCost: memoryKiB, timeCost: passes, parallelism, outputLen: 32 };
    return Uint8Array.from(await addon.hashRaw(password, options));
  };
}

/** By `require`, at the last moment: a bundler leaves it alone, and nobody waits for it who needs no passphrase. */
function load(): Addon | null {
  try {
    return createRequire(import.meta.url)("@node-rs/argon2") as Addon;
  } catch {
    return null; // whatever the reason: it is a faster way to the same key, no more
  }
}
