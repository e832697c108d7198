import type { Storage } from "@lifeboat/contracts";
import { openHeader, parseHeader, SealedKind, type SealState } from "@lifeboat/crypto";
import { RangedReader, type RoomPool, type SegmentPlace } from "@lifeboat/frames";
import { tasksInFlight } from "@lifeboat/threads";
import { PACK_HEADER_BYTES } from "../pack/limits.ts";
import { packKey } from "../pack/pack-name.ts";
import type { ChunkChecks, Unpacked } from "../worker/unpack.ts";
import type { PackPlace } from "./chunk-map.ts";
import { badPack, isDamage } from "./read-errors.ts";
import type { ReadThreads } from "./read-threads.ts";
import { type FrameRun, MAX_GAP_BYTES, type WantedFrame } from "./restore-plan.ts";
import { Slots } from "./slots.ts";

/** What frames are fetched with. */
export interface FetchTools {
  readonly storage: Storage;
  readonly siteKey: Uint8Array;
  readonly threads: ReadThreads;
  /** How many threads. */
  readonly size: number;
  readonly rooms: RoomPool;
  readonly signal: AbortSignal | undefined;
}

/** A frame to be fetched. */
export interface FrameRequest extends WantedFrame {
  readonly checks: ChunkChecks;
  /** Whether its bytes are wanted, or only whether they are right. */
  readonly keep: boolean;
  resolve(opened: Unpacked): void;
  reject(error: unknown): void;
}

/** So many requests are under way at once. */
const REQUESTS = 4;
/** Frames of less bytes get memory of their own. */
const WORTH_A_ROOM = 512 * 1024;
/** So many packs' keys are remembered. */
const SEALS = 4096;

/** Reads frames with few requests, and has the threads open them. */
export class FrameFetcher {
  readonly #tools: FetchTools;
  readonly #requests = new Slots(REQUESTS);
  readonly #frames: Slots;
  readonly #seals = new Map<string, SealState>();
  readonly #stop = new AbortController();
  #bytesRead = 0;

  constructor(tools: FetchTools) {
    const { signal: outer } = tools;
    const signal = outer === undefined ? this.#stop.signal : AbortSignal.any([outer, this.#stop.signal]);
    this.#tools = { ...tools, signal };
    this.#frames = new Slots(tasksInFlight(tools.size) + REQUESTS);
  }

  /** Bytes read from the storage so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /** Gives up what is under way; nothing can be fetched afterwards. */
  stop(): void {
    this.#stop.abort(new Error("The reading has ended."));
  }

  /** Fetches a run; every one of its frames is resolved or rejected. Runs are begun in the order of the calls. */
  async fetch(run: FrameRun<FrameRequest>): Promise<void> {
    await this.#requests.take();
    try {
      await this.#run(run);
    } finally {
      this.#requests.give();
    }
  }

  async #run({ pack, frames }: FrameRun<FrameRequest>): Promise<void> {
    const { storage, rooms, signal } = this.#tools;
    const object = { key: packKey(pack.id), segments: segmentsOf(pack) };
    const damaged = (problem: string) => badPack(pack.id, problem);
    const reader = new RangedReader({ storage, object, rooms, damaged, signal });
    const until = (frames.at(-1)?.frame ?? 0) + 1;
    const opening: Promise<void>[] = [];
    const waiting = [...frames];
    try {
      const [first] = frames;
      const isNear = first !== undefined && pack.frame(first.frame).offset <= MAX_GAP_BYTES;
      const seal = await this.#seal(pack, reader, isNear ? until : 0);
      for (const frame of frames) {
        signal?.throwIfAborted();
        await this.#frames.take();
        const stored = await reader.read(frame.frame + 1, until).catch((error: unknown) => {
          this.#frames.give();
          throw error;
        });
        waiting.shift();
        opening.push(this.#open(seal, frame, stored).finally(() => this.#frames.give()));
      }
    } catch (error) {
      const told = isDamage(error) ? badPack(pack.id, "it can't be read to its end", error) : error;
      for (const frame of waiting) frame.reject(told);
    } finally {
      this.#bytesRead += reader.bytesRead;
      await reader.close();
    }
    await Promise.all(opening);
  }

  /** What opens a pack's frames, from its header. */
  async #seal(pack: PackPlace, reader: RangedReader, until: number): Promise<SealState> {
    const known = this.#seals.get(pack.id);
    if (known !== undefined) return known;
    const header = await reader.read(0, until);
    const seal = openHeader(parseHeader(header), this.#tools.siteKey, SealedKind.pack);
    if (this.#seals.size >= SEALS) this.#seals.clear();
    this.#seals.set(pack.id, seal);
    return seal;
  }

  async #open(seal: SealState, request: FrameRequest, stored: Uint8Array<ArrayBuffer>): Promise<void> {
    const { threads, rooms, signal } = this.#tools;
    const { pack, frame, checks, keep } = request;
    const { codec, expanded } = pack.frame(frame);
    const room = keep ? roomFor(expanded, rooms) : undefined;
    const task = { op: "unpack", seal, frame, stored, codec, expanded, checks } as const;
    const transfer = room === undefined ? [stored.buffer] : [stored.buffer, room.buffer];
    try {
      const opened = await threads.run(room === undefined ? task : { ...task, room }, { signal, transfer });
      rooms.give(opened.stored);
      request.resolve(opened);
    } catch (error) {
      request.reject(isDamage(error) ? badPack(pack.id, `frame ${frame} does not open`, error) : error);
    }
  }
}

/** A frame that is held for a while has no more memory than it needs, unless most of a room is filled. */
function roomFor(bytes: number, rooms: RoomPool): Uint8Array<ArrayBuffer> {
  return bytes < WORTH_A_ROOM ? new Uint8Array(bytes) : rooms.take(bytes);
}

/** The header, and then the frames. */
function segmentsOf(pack: PackPlace): SegmentPlace[] {
  const segments: SegmentPlace[] = [{ offset: 0, storedLength: PACK_HEADER_BYTES }];
  for (let n = 0; n < pack.frameCount; n++) segments.push(pack.frame(n));
  return segments;
}
