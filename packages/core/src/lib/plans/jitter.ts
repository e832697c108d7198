import { createHash } from "node:crypto";

/** How much later than its slots a task runs: always the same for one plan of one instance, spread over the whole jitter. */
export function jitterOffset(jitterMs: number, ...seed: readonly string[]): number {
  const hash = createHash("sha256").update(JSON.stringify(seed)).digest();
  return Math.floor((hash.readUInt32BE(0) / 2 ** 32) * jitterMs);
}
