import type { Fault } from "./plan.ts";

/** A body with a fault that is in its bytes: cut off, or one bit turned over. Other faults leave it as it is. */
export function spoil(body: AsyncIterable<Uint8Array>, fault: Fault | undefined): AsyncIterable<Uint8Array> {
  if (fault?.kind === "truncate") return truncated(body, fault.keep);
  if (fault?.kind === "corrupt") return corrupted(body, fault.at);
  return body;
}

/** The array, as a body of one piece. */
export async function* asBody(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* truncated(body: AsyncIterable<Uint8Array>, keep: number): AsyncGenerator<Uint8Array> {
  let left = keep;
  for await (const piece of body) {
    if (left <= 0) return;
    yield piece.subarray(0, left);
    left -= piece.length;
  }
}

async function* corrupted(body: AsyncIterable<Uint8Array>, at: number): AsyncGenerator<Uint8Array> {
  let left = at;
  let last: Uint8Array | null = null;
  for await (const piece of body) {
    if (piece.length === 0) continue;
    if (last !== null) yield last;
    last = Uint8Array.from(piece); // a body may fill the same buffer again, and its owner must not see the change
    if (left >= 0 && left < last.length) flip(last, left);
    left -= last.length;
  }
  if (last === null) return;
  if (left >= 0) flip(last, last.length - 1);
  yield last;
}

function flip(bytes: Uint8Array, at: number): void {
  bytes[at] = (bytes[at] ?? 0) ^ 1;
}
