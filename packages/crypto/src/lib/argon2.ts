import crypto from "node:crypto";
import { promisify } from "node:util";
import { type AbortOptions, orAbort } from "@lifeboat/contracts";
import { createThreads } from "@lifeboat/threads";
import code from "./argon2.worker.ts?worker-code";
import { argon2Addon } from "./argon2-addon.ts";
import type { Argon2Input } from "./slots.ts";

interface NativeParameters {
  readonly message: Uint8Array;
  readonly nonce: Uint8Array;
  readonly parallelism: number;
  readonly tagLength: number;
  readonly memory: number;
  readonly passes: number;
}

/** `crypto.argon2` of Node 24.7 and later, which the types of Node 20 do not know. */
type NativeArgon2 = (
  algorithm: "argon2id",
  parameters: NativeParameters,
  done: (error: Error | null, key: Buffer) => void,
) => void;

/**
 * Argon2id (RFC 9106, version 0x13), 32 bytes, never on the event loop: by the optional
 * addon, else by Node's own where it has one, else in WebAssembly on a thread that lives
 * as long as the call, so that its memory is given back. All give the same key.
 */
export async function argon2id(input: Argon2Input, { signal }: AbortOptions = {}): Promise<Uint8Array> {
  signal?.throwIfAborted();
  for (const derive of [argon2Addon(), argon2Node()]) {
    const key = derive === null ? null : await orAbort(derive(input).catch(nothing), signal);
    if (key !== null) return key;
  }
  return await argon2Thread(input, { signal });
}

/** What one means can't do, for want of memory it may be, the next one tries; the last one tells. */
const nothing = () => null;

/** Node's own, or `null` where it has none. */
export function argon2Node(): ((input: Argon2Input) => Promise<Uint8Array>) | null {
  const native: NativeArgon2 | undefined = Reflect.get(crypto, "argon2");
  if (native === undefined) return null;
  return async ({ password, salt, parallelism, memoryKiB, passes }) => {
    const parameters = { message: password, nonce: salt, parallelism, tagLength: 32, memory: memoryKiB, passes };
    return Uint8Array.from(await promisify(native)("argon2id", parameters));
  };
}

/** In WebAssembly, on a thread of its own, where there may be threads. */
export async function argon2Thread(input: Argon2Input, { signal }: AbortOptions = {}): Promise<Uint8Array> {
  await using threads = createThreads<null, Argon2Input, Uint8Array>({
    code,
    inline: async () => (await import("./argon2-wasm.ts")).argon2Wasm,
    data: null,
    size: 1,
    name: "lifeboat-argon2",
  });
  return await threads.run(input, { signal });
}
