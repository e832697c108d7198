import { createCutter } from "./cutter.ts";
import type { Finder } from "./finder.ts";
import type { ChunkProfile } from "./profile.ts";

/**
 * The chunks of a body that comes in pieces of whatever sizes. A chunk lies in the finder's memory, and is to be used
 * up before the next one is pulled. The finder must hold at least twice `max`.
 */
export function* chunksOf(
  pieces: Iterable<Uint8Array>,
  profile: ChunkProfile,
  finder: Finder,
): Generator<Uint8Array, void, undefined> {
  const cutter = createCutter(profile, finder);
  const { bytes } = finder;
  let start = 0;
  let end = 0;
  let first = true;

  function* drain(last: boolean): Generator<Uint8Array, void, undefined> {
    while (end - start > (last ? 0 : profile.max)) {
      const cut = cutter.cut(start, end, first, last);
      yield bytes.subarray(start, cut);
      start = cut;
      first = false;
    }
  }

  for (let piece of pieces) {
    while (piece.length > 0) {
      const part = piece.subarray(0, bytes.length - end);
      bytes.set(part, end);
      end += part.length;
      piece = piece.subarray(part.length);
      if (end < bytes.length) continue;
      yield* drain(false);
      bytes.copyWithin(0, start, end);
      end -= start;
      start = 0;
    }
  }
  yield* drain(true);
}
