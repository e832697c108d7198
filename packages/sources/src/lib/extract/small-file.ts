import type { RestoredEntry } from "@lifeboat/contracts";
import type { Content } from "./batcher.ts";
import type { Guard } from "./guard.ts";

/**
 * All of a small entry's content, to be copied to where it is wanted.
 *
 * @throws CORRUPT, here or when it is copied, where there are more or fewer bytes than the entry says
 */
export async function contentOf(entry: RestoredEntry, guard: Guard, signal: AbortSignal): Promise<Content> {
  const { path, size } = entry;
  const check = (found: number) => {
    if (found === size) return;
    throw guard.refusal(
      "CORRUPT",
      path,
      `it holds ${found > size ? "more" : found} and not the ${size} bytes that it should`,
    );
  };
  const { copyTo } = entry;
  if (copyTo !== undefined) return { size, copyTo: (target) => check(copyTo(target)) };
  const all = new Uint8Array(size);
  let at = 0;
  for await (const piece of entry.open({ signal, reuse: true })) {
    if (at + piece.length > size) check(at + piece.length);
    all.set(piece, at);
    at += piece.length;
  }
  check(at);
  return { size, copyTo: (target) => target.set(all) };
}
