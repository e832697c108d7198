import { SEGMENT_OVERHEAD } from "@lifeboat/crypto";
import { ID_BYTES } from "../bytes.ts";
import type { PackDirectory } from "../pack/layout.ts";
import type { ChunkMap, ChunkPlace, FramePlace, PackPlace } from "./chunk-map.ts";

/** Bytes before a pack's first frame: a header without a key block. */
export const PACK_HEADER_BYTES = 96;

/** A pack and what it holds. */
export interface KnownPack {
  readonly id: string;
  readonly size: number;
  readonly sha256: Uint8Array;
  readonly directory: PackDirectory;
}

/** A pack's place, with where each of its frames lies. */
export function packPlace({ id, size, sha256, directory }: KnownPack): PackPlace {
  let offset = PACK_HEADER_BYTES;
  const frames = directory.frames.map(({ length, expanded, codec }): FramePlace => {
    const place = { offset, storedLength: length + SEGMENT_OVERHEAD, expanded, codec };
    offset += place.storedLength;
    return place;
  });
  return {
    id,
    size,
    sha256,
    frameCount: frames.length,
    frame(n) {
      const frame = frames[n];
      if (frame === undefined) throw new RangeError(`There is no frame ${n} in pack ${id}.`);
      return frame;
    },
  };
}

/** Every chunk of a pack, in order. */
export function* chunksOfPack(
  pack: PackPlace,
  { frames, lengths, ids }: PackDirectory,
): Generator<{ readonly id: Uint8Array; readonly place: ChunkPlace }> {
  let chunk = 0;
  for (const [frame, { chunks }] of frames.entries()) {
    let offset = 0;
    for (let n = 0; n < chunks; n++, chunk++) {
      const length = lengths[chunk] ?? 0;
      yield {
        id: ids.subarray(chunk * ID_BYTES, (chunk + 1) * ID_BYTES),
        place: { pack, frame, offset, length },
      };
      offset += length;
    }
  }
}

/** A map of some packs: of few, for it keeps a text for each chunk. */
export function mapOfPacks(packs: Iterable<KnownPack>): ChunkMap {
  const places = new Map<string, ChunkPlace>();
  for (const pack of packs) {
    for (const { id, place } of chunksOfPack(packPlace(pack), pack.directory)) places.set(textOf(id), place);
  }
  return { find: (id) => places.get(textOf(id)) };
}

function textOf(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString("latin1");
}
