import { createCipheriv } from "node:crypto";

/** Bytes that no compressor makes shorter, the same for the same seed. */
export function noise(seed: number, length: number): Buffer {
  const key = Buffer.alloc(16, `seed ${seed} `);
  return createCipheriv("aes-128-ctr", key, Buffer.alloc(16)).update(Buffer.alloc(length));
}
