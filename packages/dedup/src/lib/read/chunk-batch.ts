import type { LifeboatError } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import { type Refs, refId } from "../list/refs.ts";
import type { Unpacked } from "../worker/unpack.ts";
import type { ChunkMap, ChunkPlace } from "./chunk-map.ts";
import type { CachedFrame, FrameCache } from "./frame-cache.ts";
import type { FrameRequest } from "./frame-fetch.ts";

/** A chunk that is wanted: where it is looked for, and what came of it. */
export interface ChunkSlot {
  readonly id: Uint8Array;
  /** As the backup has it; `undefined` where it does not say, as of reference chunks. */
  readonly length: number | undefined;
  place: ChunkPlace | undefined;
  frame: CachedFrame | undefined;
  /** Why it can't be had, as far as is known. */
  damage: LifeboatError | undefined;
  /** The packs in which it was not as it should be, in hex. */
  readonly tried: Set<string>;
}

/** Gathers chunks that are wanted together, and the frames that have to be fetched for them. */
export class ChunkBatch {
  readonly slots: ChunkSlot[] = [];
  readonly #map: ChunkMap;
  readonly #cache: FrameCache;
  #fresh = new Map<CachedFrame, ChunkSlot[]>();
  #bytes = 0;

  constructor(map: ChunkMap, cache: FrameCache) {
    this.#map = map;
    this.#cache = cache;
  }

  /** Bytes of the frames that have to be fetched, expanded. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds chunks; answers the number of the first. */
  add(refs: Refs): number {
    const first = this.slots.length;
    for (let n = 0; n < refs.count; n++) this.addOne(refId(refs, n), refs.lengths[n]);
    return first;
  }

  addOne(id: Uint8Array, length: number | undefined): void {
    const place = this.#map.find(id);
    const slot: ChunkSlot = { id, length, place, frame: undefined, damage: undefined, tried: new Set() };
    this.slots.push(slot);
    this.pin(slot);
  }

  /** Makes sure of the memory of a slot's frame, until {@link release}. */
  pin(slot: ChunkSlot): void {
    if (slot.place === undefined) return;
    const { pack, frame } = slot.place;
    const pinned = this.#cache.pin(pack, frame);
    slot.frame = pinned.entry;
    if (pinned.fresh) {
      this.#fresh.set(pinned.entry, []);
      this.#bytes += pack.frame(frame).expanded;
    }
    this.#fresh.get(pinned.entry)?.push(slot);
  }

  unpin(slot: ChunkSlot): void {
    if (slot.frame !== undefined) this.#cache.unpin(slot.frame);
    slot.frame = undefined;
  }

  /** The frames that are to be fetched now, in the order of first use. */
  takeRequests(): FrameRequest[] {
    const requests = [...this.#fresh].map(([entry, slots]) => requestOf(entry, slots));
    this.#fresh = new Map();
    return requests;
  }

  /** Gives the memory back. */
  release(): void {
    for (const request of this.takeRequests()) request.reject(new Error("It was not fetched.")); // nobody waits for it
    for (const slot of this.slots) this.unpin(slot);
  }
}

/** What fetches a frame into the cache, its wanted chunks compared with their ids on the way. */
function requestOf(entry: CachedFrame, slots: readonly ChunkSlot[]): FrameRequest {
  const wanted = new Map<number, ChunkSlot>(slots.map((slot) => [slot.place?.offset ?? 0, slot]));
  const spans = new Uint32Array(2 * wanted.size);
  const ids = new Uint8Array(ID_BYTES * wanted.size);
  let n = 0;
  for (const [offset, { id, place }] of wanted) {
    spans.set([offset, place?.length ?? 0], 2 * n);
    ids.set(id, ID_BYTES * n);
    n += 1;
  }
  return {
    pack: entry.pack,
    frame: entry.frame,
    keep: true,
    checks: { spans, ids },
    resolve({ bytes = new Uint8Array(0), bad }: Unpacked) {
      const wrong = new Set(bad);
      for (const [index, [offset, { id }]] of [...wanted].entries())
        if (!wrong.has(index)) entry.checked.set(offset, id);
      entry.settle({ bytes });
    },
    reject: (error) => entry.settle({ error }),
  };
}
