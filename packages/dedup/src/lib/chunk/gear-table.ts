import { createHmac } from "node:crypto";

/** How many bytes the gear hash looks back: it has 32 bits, and each byte shifts it by one. */
export const WINDOW = 32;

const INFO = Buffer.from("lifeboat/1 gear");
const BLOCK = 32;

/**
 * The 256 numbers of the gear hash: `HKDF-Expand(seed, "lifeboat/1 gear", 1024)` (RFC 5869, SHA-256), four bytes a
 * number, big-endian (docs/spec/dedup.md, "Chunking"). @param seed 32 bytes, the subkey `chunk-table`
 */
export function gearTable(seed: Uint8Array): Uint32Array {
  const stream = new Uint8Array(1024);
  let block: Uint8Array = new Uint8Array(0);
  for (let n = 0; n * BLOCK < stream.length; n++) {
    block = createHmac("sha256", seed)
      .update(block)
      .update(INFO)
      .update(Uint8Array.of(n + 1))
      .digest();
    stream.set(block, n * BLOCK);
  }
  const view = new DataView(stream.buffer);
  return Uint32Array.from({ length: 256 }, (_, i) => view.getUint32(4 * i));
}
