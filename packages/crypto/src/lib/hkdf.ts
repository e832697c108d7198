import { utf8 } from "./bytes.ts";
import type { Primitives } from "./primitives.ts";

const ONE = Uint8Array.of(1);

/** HKDF-SHA-256 (RFC 5869), extract and expand, 32 bytes. `info` is given in parts. */
export function hkdf(p: Primitives, key: Uint8Array, salt: Uint8Array, ...info: readonly Uint8Array[]): Uint8Array {
  return p.hmacSha256(p.hmacSha256(salt, key), ...info, ONE);
}

/** `subkey(K, label)` of docs/spec/site.md. */
export function subkey(p: Primitives, siteKey: Uint8Array, label: string): Uint8Array {
  return hkdf(p, siteKey, new Uint8Array(0), utf8(`lifeboat/1 subkey ${label}`));
}
