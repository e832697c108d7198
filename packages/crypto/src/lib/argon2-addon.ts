import { createRequire } from "node:module";
import type { Options } from "@node-rs/argon2";
import type { Argon2Input } from "./slots.ts";

type Addon = Pick<typeof import("@node-rs/argon2"), "hashRaw" | "hashRawSync">;

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
  return async (input) => Uint8Array.from(await addon.hashRaw(input.password, optionsOf(input)));
}

/** By `require`, at the last moment: a bundler leaves it alone, and nobody waits for it who needs no passphrase. */
function load(): Addon | null {
  try {
    const addon = createRequire(import.meta.url)("@node-rs/argon2") as Addon;
    return isArgon2id(addon) ? addon : null;
  } catch {
    return null; // whatever the reason: it is a faster way to the same key, no more
  }
}

function optionsOf({ salt, memoryKiB, passes, parallelism }: Omit<Argon2Input, "password">): Options {
  const [argon2id, version0x13] = [2, 1] as const;
  const cost = { memoryCost: memoryKiB, timeCost: passes, parallelism };
  return { algorithm: argon2id, version: version0x13, salt, ...cost, outputLen: 32 };
}

/** Whether it gives what the reference implementation gives: a host may have installed any version of it. */
function isArgon2id(addon: Addon): boolean {
  const salt = Buffer.from("somesalt");
  const key = addon.hashRawSync("password", optionsOf({ salt, memoryKiB: 64, passes: 1, parallelism: 1 }));
  return key.toString("hex") === "729c7a54441bc13559bdca71348c4e554599e719c08a952601ed5c83618c1bbd";
}
