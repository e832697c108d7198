import type { LifeboatError } from "@lifeboat/contracts";
import { sameBytes } from "../bytes.ts";
import type { ChunkId } from "../id.ts";
import { ChunkBatch, type ChunkSlot } from "./chunk-batch.ts";
import type { ChunkLocator, ChunkMap, ChunkPlace } from "./chunk-map.ts";
import type { CachedFrame, FrameCache } from "./frame-cache.ts";
import type { FrameFetcher, FrameRequest } from "./frame-fetch.ts";
import { badPack, isDamage, unknownChunk } from "./read-errors.ts";
import { planRuns } from "./restore-plan.ts";

/** What chunks are read with. */
export interface ChunkTools {
  readonly locator: ChunkLocator;
  readonly fetcher: FrameFetcher;
  readonly cache: FrameCache;
  readonly idOf: ChunkId;
  readonly signal: AbortSignal | undefined;
}

/** Chunks that were asked for together, and are there. */
export interface OpenedChunks {
  /**
   * The bytes of the `n`-th chunk, until {@link release}.
   *
   * @throws CORRUPT where no copy of it is what its id says; NOT_FOUND where its pack is missing
   */
  bytes(n: number): Uint8Array;
  /** Gives the memory back. */
  release(): void;
}

/** A copy in so many packs is tried before a chunk is given up. */
const MAX_COPIES = 8;

/** Reads chunks by their ids: frame by frame, each once, and from another pack where one is damaged or gone. */
export class ChunkReader {
  readonly #tools: ChunkTools;

  constructor(tools: ChunkTools) {
    this.#tools = tools;
  }

  /** Bytes read from the storage so far. */
  get bytesRead(): number {
    return this.#tools.fetcher.bytesRead;
  }

  /** Gives up what is under way; nothing can be read afterwards. */
  stop(): void {
    this.#tools.fetcher.stop();
  }

  /** The index, as far as it has been read. */
  map(): Promise<ChunkMap> {
    return this.#tools.locator.map(this.#tools.signal);
  }

  /** Fetches frames, neighbours together; each request is settled. Rejects never. */
  async fetch(requests: Iterable<FrameRequest>): Promise<void> {
    const { fetcher } = this.#tools;
    await Promise.all(planRuns(requests).map((run) => fetcher.fetch(run)));
  }

  /** Chunks that are to be asked for together; give them to {@link open}, or release them. */
  async batch(): Promise<ChunkBatch> {
    return new ChunkBatch(await this.map(), this.#tools.cache);
  }

  /** Fetches the chunks of a batch. What is damaged is told where it is asked for; it rejects only where nobody could look. */
  async open(batch: ChunkBatch): Promise<OpenedChunks> {
    try {
      await this.#fetch(batch);
      await this.#settle(batch);
    } catch (error) {
      batch.release();
      throw error;
    }
    return {
      bytes(n) {
        const { place, frame, damage } = batch.slots[n] ?? {};
        if (damage !== undefined) throw damage;
        if (frame === undefined || place === undefined) throw new RangeError(`There is no chunk ${n}.`);
        return frame.bytes.subarray(place.offset, place.offset + place.length);
      },
      release: () => batch.release(),
    };
  }

  /**
   * One chunk, in memory of its own.
   *
   * @throws CORRUPT, NOT_FOUND
   */
  async one(id: Uint8Array): Promise<Uint8Array> {
    const batch = await this.batch();
    batch.addOne(id, undefined);
    const opened = await this.open(batch);
    try {
      return opened.bytes(0).slice();
    } finally {
      opened.release();
    }
  }

  async #fetch(batch: ChunkBatch): Promise<void> {
    await this.fetch(batch.takeRequests());
  }

  /** Finds out which chunks are not right, and looks for other copies of them. */
  async #settle(batch: ChunkBatch): Promise<void> {
    const { locator, signal } = this.#tools;
    let wrong = await this.#wrong(batch.slots);
    for (let round = 0; wrong.length > 0 && round < MAX_COPIES; round++) {
      for (const { without, slots } of groups(wrong)) {
        signal?.throwIfAborted();
        const map = await locator.fresh(without, signal);
        for (const slot of slots) {
          batch.unpin(slot);
          slot.place = map.find(slot.id);
          batch.pin(slot);
        }
      }
      await this.#fetch(batch);
      wrong = await this.#wrong(wrong.filter(({ place }) => place !== undefined));
    }
  }

  /** The slots whose chunks are not right as they are now. */
  async #wrong(slots: readonly ChunkSlot[]): Promise<ChunkSlot[]> {
    const wrong: ChunkSlot[] = [];
    for (const slot of slots) {
      if (slot.frame !== undefined) await slot.frame.ready;
      const problem = this.#problem(slot);
      if (problem === undefined) {
        slot.damage = undefined;
        continue;
      }
      // One that is missing is missing in the next listing too.
      const again = slot.damage !== undefined;
      if (slot.place !== undefined && (again || problem.code !== "NOT_FOUND")) slot.tried.add(slot.place.pack.id);
      slot.damage ??= problem; // of several copies' problems the first is told
      wrong.push(slot);
    }
    return wrong;
  }

  /** What is wrong with a slot's chunk as it is now. */
  #problem({ place, frame, id, length }: ChunkSlot): LifeboatError | undefined {
    if (place === undefined || frame === undefined) return unknownChunk(id);
    if (frame.error !== undefined) {
      if (isDamage(frame.error)) return frame.error;
      throw frame.error;
    }
    const { pack } = place;
    if (length !== undefined && place.length !== length)
      return badPack(pack.id, `a chunk has ${place.length} bytes, not ${length}`);
    if (this.#isRight(frame, place, id)) return undefined;
    return badPack(pack.id, `a chunk of frame ${place.frame} is not what its id says`);
  }

  #isRight({ bytes, checked }: CachedFrame, { offset, length }: ChunkPlace, id: Uint8Array): boolean {
    const known = checked.get(offset);
    if (known !== undefined && sameBytes(known, id)) return true;
    if (!sameBytes(this.#tools.idOf(bytes.subarray(offset, offset + length)), id)) return false;
    checked.set(offset, id);
    return true;
  }
}

/** Slots by the packs in which their chunks were looked for. */
function groups(
  slots: readonly ChunkSlot[],
): Iterable<{ readonly without: ReadonlySet<string>; readonly slots: ChunkSlot[] }> {
  const found = new Map<string, { readonly without: ReadonlySet<string>; readonly slots: ChunkSlot[] }>();
  for (const slot of slots) {
    const key = [...slot.tried].sort().join();
    const group = found.get(key);
    if (group === undefined) found.set(key, { without: slot.tried, slots: [slot] });
    else group.slots.push(slot);
  }
  return found.values();
}
