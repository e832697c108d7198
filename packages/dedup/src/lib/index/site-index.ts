import { ID_BYTES } from "../bytes.ts";
import type { ChunkMap, ChunkPlace } from "../read/chunk-map.ts";
import { ChunkTables } from "./chunk-tables.ts";
import type { IndexedPack } from "./encode.ts";
import { PackFrames } from "./pack-frames.ts";

/** Where a chunk lies. */
export interface IndexedChunk extends ChunkPlace {
  readonly pack: PackFrames;
}

/** What is known of a site's packs and chunks, in memory. The tables may be shared with worker threads. */
export class SiteIndex implements ChunkMap {
  readonly tables = new ChunkTables();
  readonly #packs = new Map<string, PackFrames>();
  /** In the order of their first frames. */
  readonly #order: PackFrames[] = [];
  #frames = 0;

  /** The packs, by their ids in hex. */
  get packs(): ReadonlyMap<string, PackFrames> {
    return this.#packs;
  }

  /**
   * Adds a pack and its chunks; one that is known already is passed over. A chunk that several packs hold is found in
   * the last of those that were not added `weakly`, if there is one.
   */
  add(pack: IndexedPack, weakly = false): PackFrames {
    const known = this.#packs.get(pack.id);
    if (known !== undefined) return known;
    const frames = new PackFrames(pack, this.#frames);
    this.#packs.set(pack.id, frames);
    this.#order.push(frames);
    const { directory } = pack;
    let chunk = 0;
    for (const [n, { chunks }] of directory.frames.entries()) {
      let offset = 0;
      for (const end = chunk + chunks; chunk < end; chunk++) {
        const length = directory.lengths[chunk] ?? 0;
        const spot = { frame: this.#frames + n, offset, length };
        this.tables.settle(directory.ids, chunk * ID_BYTES, spot, weakly);
        offset += length;
      }
    }
    this.#frames += directory.frames.length;
    return frames;
  }

  /** Where a chunk lies, or `undefined` where no pack that is known holds it. */
  find(ids: Uint8Array, at = 0): IndexedChunk | undefined {
    const spot = this.tables.find(ids, at);
    const pack = spot && this.#packOf(spot.frame);
    if (spot === undefined || pack === undefined) return undefined;
    return { pack, frame: spot.frame - pack.firstFrame, offset: spot.offset, length: spot.length };
  }

  #packOf(frame: number): PackFrames | undefined {
    let low = 0;
    let high = this.#order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#order[middle]?.firstFrame ?? 0) <= frame) low = middle + 1;
      else high = middle;
    }
    return this.#order[low - 1];
  }
}
