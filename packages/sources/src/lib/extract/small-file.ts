import type { RestoredEntry } from "@lifeboat/contracts";
import type { Content } from "./batcher.ts";
import type { Guard } from "./guard.ts";

/**
 * All of a small entry's content, to be copied to where it is wanted.
 *
 * @throws CORRUPT, here or when it is copied, where there are more or fewer bytes than the entry says
 */
export function contentOf(entry: RestoredEntry, guard: Guard, signal: AbortSignal): Content | Promise<Content> {
  const { size, copyTo } = entry;
  if (copyTo === undefined) return collect(entry, guard, signal);
  return { size, copyTo: (target) => assertSize(entry, copyTo(target), guard) };
}

async function collect(entry: RestoredEntry, guard: Guard, signal: AbortSignal): Promise<Content> {
  const { size } = entry;
  const all = new Uint8Array(size);
  let at = 0;
  for await (const piece of entry.open({ signal, reuse: true })) {
    if (at + piece.length > size) assertSize(entry, at + piece.length, guard);
    all.set(piece, at);
    at += piece.length;
  }
  assertSize(entry, at, guard);
  return { size, copyTo: (target) => target.set(all) };
}

function assertSize({ path, size }: RestoredEntry, found: number, guard: Guard): void {
  if (found === size) return;
  const holds = found > size ? "more" : String(found);
  throw guard.refusal("CORRUPT", path, `it holds ${holds} and not the ${size} bytes that it should`);
}
