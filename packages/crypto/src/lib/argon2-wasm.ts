import { argon2id } from "hash-wasm";
import type { Argon2Input } from "./slots.ts";

/** Argon2id in WebAssembly. It blocks the thread it runs on: about 235 ms at 64 MiB and 3 passes. */
export function argon2Wasm(input: Argon2Input): Promise<Uint8Array> {
  const { password, salt, memoryKiB, passes, parallelism } = input;
  const options = { password, salt, memorySize: memoryKiB, iterations: passes, parallelism, hashLength: 32 };
  return argon2id({ ...options, outputType: "binary" });
}
