import { createHmac, createSecretKey } from "node:crypto";

/** Computes ids of chunks: 32 bytes each (docs/spec/dedup.md, "Ids"). */
export type ChunkId = (chunk: Uint8Array) => Uint8Array;

/** @param key the subkey `chunk-id` */
export function chunkIds(key: Uint8Array): ChunkId {
  const secret = createSecretKey(key); // made once: OpenSSL looks at it only here
  return (chunk) => createHmac("sha256", secret).update(chunk).digest();
}
