import type { ResolvedRange } from "@lifeboat/contracts";

const PIECE = 1024 * 1024;

/** Copies of the bytes from `start` to `end`, or to where they end, in pieces of at most 1 MiB. */
export function* pieces(bytes: Uint8Array, { start, end }: ResolvedRange): Iterable<Uint8Array> {
  const stop = Math.min(end, bytes.length);
  for (let at = start; at < stop; at += PIECE) yield bytes.slice(at, Math.min(at + PIECE, stop));
}
