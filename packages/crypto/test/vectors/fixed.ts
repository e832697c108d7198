// What makes the vectors the same each time: fixed keys, fixed "randomness", a fixed time.
import { argon2Wasm } from "../../src/lib/argon2-wasm.ts";
import { concat, fromHex, toHex, u32, utf8 } from "../../src/lib/bytes.ts";
import { createDocuments } from "../../src/lib/document.ts";
import { createKeys, type Keys } from "../../src/lib/keys.ts";
import { nodePrimitives } from "../../src/lib/node-primitives.ts";
import { createSealing, type Sealing } from "../../src/lib/sealing.ts";

export { concat, fromHex, toHex, utf8 };

/** Bytes that follow from a name. */
export function named(name: string, length: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; i * 32 < length; i++) blocks.push(nodePrimitives.sha256(utf8(name), u32(i)));
  return concat(...blocks).subarray(0, length);
}

/** A generator whose every answer follows from a name. */
function generator(name: string): (length: number) => Uint8Array {
  let calls = 0;
  return (length) => named(`${name} ${calls++}`, length);
}

export function fixedSealing(name: string): Sealing {
  return createSealing(nodePrimitives, generator(name));
}

export function fixedKeys(name: string): Keys {
  const now = () => new Date("2026-11-20T02:00:00.000Z");
  return createKeys({ primitives: nodePrimitives, argon2id: argon2Wasm, random: generator(name), now });
}

export const documents = createDocuments(nodePrimitives);
export const siteKey = named("site key", 32);
export const otherKey = named("other site key", 32);
export const siteId = toHex(named("site id", 16));
/** Argon2id as cheap as it gets: vectors are about the format, not the cost. */
export const cheap = { memoryKiB: 8, passes: 1 } as const;

/** The bytes with one of them changed. */
export function flip(bytes: Uint8Array, at: number, mask = 0x01): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const index = at < 0 ? bytes.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ mask;
  return copy;
}
