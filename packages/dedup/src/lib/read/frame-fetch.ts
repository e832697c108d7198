import { isLifeboatError, type Storage } from "@lifeboat/contracts";
import { openHeader, parseHeader, SealedKind, type SealState } from "@lifeboat/crypto";
import { type FileStretch, RangedReader, type RoomPool, type SegmentPlace } from "@lifeboat/frames";
import { tasksInFlight } from "@lifeboat/threads";
import { PACK_HEADER_BYTES } from "../pack/limits.ts";
import { packKey } from "../pack/pack-name.ts";
import type { ChunkChecks, Unpacked } from "../worker/unpack.ts";
import type { ChunkWrites } from "../worker/write-chunks.ts";
import type { PackPlace } from "./chunk-map.ts";
import { type PackFile, PackFiles } from "./pack-files.ts";
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
  /** Where chunks are written to that are right: the request is settled when nothing is written any more. */
  readonly writes?: ChunkWrites;
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
  readonly #files: PackFiles;
  readonly #stop = new AbortController();
  #bytesRead = 0;

  constructor(tools: FetchTools) {
    const { signal: outer } = tools;
    const signal = outer === undefined ? this.#stop.signal : AbortSignal.any([outer, this.#stop.signal]);
    this.#tools = { ...tools, signal };
    this.#files = new PackFiles(tools.storage);
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

  /** Closes what it has opened, once the threads have been stopped. */
  async close(): Promise<void> {
    await this.#files[Symbol.asyncDispose]();
  }

  async #run(run: FrameRun<FrameRequest>): Promise<void> {
    const left = [...run.frames];
    try {
      const { threads, signal } = this.#tools;
      // The host's own thread is not to wait for a disk.
      using file = threads.isInline ? null : await this.#files.open(run.pack.id, signal);
      if (file !== null) await this.#runFile(run.pack, left, file);
      const unread = left.splice(0).sort((a, b) => a.frame - b.frame);
      if (unread.length > 0) await this.#runStream({ pack: run.pack, frames: unread });
    } catch (error) {
      const told = isDamage(error) ? badPack(run.pack.id, "it can't be read to its end", error) : error;
      for (const frame of left) frame.reject(told);
    }
  }

  /**
   * Has the threads read a pack's file themselves.
   *
   * @param frames those that are settled are taken out; the others could not be read so
   */
  async #runFile(pack: PackPlace, frames: FrameRequest[], file: PackFile): Promise<void> {
    const { signal } = this.#tools;
    const seal = await this.#sealOfFile(pack, file);
    if (seal === null) return;
    const opening: Promise<void>[] = [];
    const unread: FrameRequest[] = [];
    try {
      for (let frame = frames[0]; frame !== undefined; frame = frames[0]) {
        signal?.throwIfAborted();
        await this.#frames.take();
        frames.shift();
        const { offset, storedLength: length } = pack.frame(frame.frame);
        this.#bytesRead += length;
        const given = this.#open(seal, frame, { fd: file.fd, offset, length }, (again) => unread.push(again));
        opening.push(given.finally(() => this.#frames.give()));
      }
    } finally {
      await Promise.all(opening); // the file stays open until no thread reads it
      frames.push(...unread);
    }
  }

  async #runStream({ pack, frames }: FrameRun<FrameRequest>): Promise<void> {
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
      const seal = await this.#seal(pack, () => reader.read(0, isNear ? until : 0));
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
      try {
        await reader.close();
      } finally {
        await Promise.all(opening); // whatever becomes of the stream, a thread may still be writing
      }
    }
  }

  /** `null` where the system will not give the file's beginning: the storage tells why. */
  async #sealOfFile(pack: PackPlace, file: PackFile): Promise<SealState | null> {
    try {
      return await this.#seal(pack, () => file.head(PACK_HEADER_BYTES));
    } catch (error) {
      if (isLifeboatError(error)) throw error;
      return null;
    }
  }

  /** What opens a pack's frames, from its header. */
  async #seal(pack: PackPlace, head: () => Promise<Uint8Array>): Promise<SealState> {
    const known = this.#seals.get(pack.id);
    if (known !== undefined) return known;
    const seal = openHeader(parseHeader(await head()), this.#tools.siteKey, SealedKind.pack);
    if (this.#seals.size >= SEALS) this.#seals.clear();
    this.#seals.set(pack.id, seal);
    return seal;
  }

  /** @param onUnread takes a request whose file could not be read; it is not settled then */
  async #open(
    seal: SealState,
    request: FrameRequest,
    stored: Uint8Array<ArrayBuffer> | FileStretch,
    onUnread?: (request: FrameRequest) => void,
  ): Promise<void> {
    const { threads, rooms, signal } = this.#tools;
    const { pack, frame, checks, keep, writes } = request;
    const { codec, expanded } = pack.frame(frame);
    const room = keep ? roomFor(expanded, rooms) : undefined;
    const given = { ...(room === undefined ? {} : { room }), ...(writes === undefined ? {} : { writes }) };
    const task = { op: "unpack", seal, frame, stored, codec, expanded, checks, ...given } as const;
    const moved = [stored, room].flatMap((bytes) => (bytes instanceof Uint8Array ? [bytes.buffer] : []));
    // Nobody may close a file while a thread is at it: then only the thread's own answer counts.
    const isAtFile = writes !== undefined || !(stored instanceof Uint8Array);
    try {
      const opened = await threads.run(task, {
        signal: isAtFile ? undefined : signal,
        transfer: moved,
        inlineFirst: !isAtFile,
      });
      if (opened.stored !== undefined) rooms.give(opened.stored);
      if (opened.unread === true && onUnread !== undefined) onUnread(request);
      else request.resolve(opened);
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
