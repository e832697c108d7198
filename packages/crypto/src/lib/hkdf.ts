import { utf8 } from "./bytes.ts";
import type { Primitives } from "./primitives.ts";

const ONE = Uint8Array.of(1);

/** The first step of HKDF-SHA-256 (RFC 5869). */
export function extract(p: Primitives, key: Uint8Array, salt: Uint8Array): Uint8Array {
  return p.hmacSha256(salt, key);
}

/** The second step, 32 bytes. `info` is given in parts. */
export function expand(p: Primitives, extracted: Uint8Array, ...info: readonly Uint8Array[]): Uint8Array {
  return p.hmacSha256(extracted, ...info, ONE);
}

/** Both steps. */
export function hkdf(p: Primitives, key: Uint8Array, salt: Uint8Array, ...info: readonly Uint8Array[]): Uint8Array {
  return expand(p, extract(p, key, salt), ...info);
}

/** `subkey(K, label)` of docs/spec/site.md. */
export function subkey(p: Primitives, siteKey: Uint8Array, label: string): Uint8Array {
  return hkdf(p, siteKey, new Uint8Array(0), utf8(`lifeboat/1 subkey ${label}`));
}
