import type { RestoredEntry } from "@lifeboat/contracts";
import type { Guard } from "./guard.ts";

/**
 * All of a small entry's content.
 *
 * @throws CORRUPT where there are more or fewer bytes than the entry says
 */
export async function collect(entry: RestoredEntry, guard: Guard, signal: AbortSignal): Promise<Uint8Array> {
  const { path, size } = entry;
  let content = entry.bytes;
  if (content === undefined) {
    const all = new Uint8Array(size);
    let at = 0;
    for await (const piece of entry.open({ signal })) {
      if (at + piece.length > size) {
        throw guard.refusal("CORRUPT", path, `it holds more than the ${size} bytes that it should`);
      }
      all.set(piece, at);
      at += piece.length;
    }
    content = all.subarray(0, at);
  }
  if (content.length === size) return content;
  throw guard.refusal("CORRUPT", path, `it holds ${content.length} bytes and not the ${size} that it should`);
}
