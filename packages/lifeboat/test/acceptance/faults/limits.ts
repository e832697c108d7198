import { createHash } from "node:crypto";

/**
 * The time limits that every storage of the matrix has: shorter than the defaults, so that a
 * matrix takes a minute or two. Milliseconds.
 */
export const LIMITS = {
  /** For a connection to come about. */
  connect: 5000,
  /** Of silence while an answer is due. */
  idle: 15_000,
  /** For trying again what failed, from its first failure. */
  retry: 10_000,
} as const;

/** Seconds that a machine may add to what the limits allow: 8, and more as far as it is slower than an ordinary one. */
export const SLACK = Math.ceil(8 * slowness());

/** How much longer fresh memory and hashing take here than the 50 ms of an ordinary machine; 3 at the most. */
function slowness(): number {
  const begun = performance.now();
  for (let n = 0; n < 64; n += 1)
    createHash("sha256")
      .update(Buffer.alloc(1 << 20, n))
      .digest();
  return Math.min(3, Math.max(1, (performance.now() - begun) / 50));
}

/** Nothing may take longer than this, in seconds: it would be a hang. */
export const HANG = 150;
