import { createCipheriv, createHash } from "node:crypto";

/** Random numbers and bytes that are the same for the same seed, everywhere. */
export interface Random {
  /** A number in `[0, 1)`. */
  number(): number;
  /** A whole number in `[from, to)`. */
  integer(from: number, to: number): number;
  pick<T>(items: readonly T[]): T;
  /** Incompressible bytes, at gigabytes a second. */
  bytes(size: number): Buffer;
}

/** Seeded randomness: AES-128 in counter mode over zeros. */
export function random(seed: string): Random {
  const key = createHash("sha256").update(seed).digest();
  const stream = createCipheriv("aes-128-ctr", key.subarray(0, 16), key.subarray(16));
  const block = Buffer.alloc(64 * 1024);
  let pool = Buffer.alloc(0);
  let at = 0;

  function number(): number {
    if (at + 4 > pool.length) {
      pool = stream.update(block);
      at = 0;
    }
    at += 4;
    return pool.readUInt32LE(at - 4) / 2 ** 32;
  }
  const integer = (from: number, to: number) => from + Math.floor(number() * (to - from));

  return {
    number,
    integer,
    pick(items) {
      const item = items[integer(0, items.length)];
      if (item === undefined) throw new Error("There is nothing to pick from.");
      return item;
    },
    bytes: (size) => stream.update(Buffer.alloc(size)),
  };
}
