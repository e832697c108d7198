import { openSegment, SEGMENT_OVERHEAD, type SealState } from "@lifeboat/crypto";
import { type Codec, type CodecSetup, type FileStretch, openCodec, StretchReader } from "@lifeboat/frames";
import { ID_BYTES, sameBytes } from "../bytes.ts";
import { type ChunkId, chunkIds } from "../id.ts";
import type { FrameCodec } from "../pack/layout.ts";
import { PageMemory } from "./page-memory.ts";
import { type ChunkWrites, extentsOf, shiftOf, writeExtents, zeroChunks } from "./write-chunks.ts";

/** What a thread that unpacks is started with. */
export interface UnpackSetup {
  readonly codecs: readonly CodecSetup[];
  /** The subkey `chunk-id`. */
  readonly idKey: Uint8Array;
}

/** Chunks of one frame, to be compared with their ids. */
export interface ChunkChecks {
  /** Offset in the expanded frame and length, for each. */
  readonly spans: Uint32Array<ArrayBuffer>;
  /** 32 bytes for each. */
  readonly ids: Uint8Array<ArrayBuffer>;
}

/** A frame to be opened, expanded and checked. */
export interface UnpackTask {
  readonly op: "unpack";
  readonly seal: SealState;
  /** The frame's number in its pack. */
  readonly frame: number;
  readonly stored: Uint8Array<ArrayBuffer> | FileStretch;
  readonly codec: FrameCodec;
  /** How many bytes it must expand to. */
  readonly expanded: number;
  /** Memory of that length for them; absent where only is wanted whether they are right. */
  readonly room?: Uint8Array<ArrayBuffer>;
  readonly checks: ChunkChecks;
  /** Where chunks are written to that are right. */
  readonly writes?: ChunkWrites;
}

/** An opened frame. */
export interface Unpacked {
  /** The task's room, filled; absent where there was none. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** The task's stored bytes, used up: their memory goes back. Absent where it had none. */
  readonly stored?: Uint8Array<ArrayBuffer>;
  /** Which of the task's chunks are not what their ids say. */
  readonly bad: readonly number[];
  /** `true` where the file could not be read so far: nothing is known of the frame then. */
  readonly unread?: boolean;
}

const NONE: readonly number[] = [];

/** Opens, expands and checks frames, synchronously. One a thread. */
export class Unpacker {
  readonly #codecs: ReadonlyMap<string, Codec>;
  readonly #idOf: ChunkId;
  /** Where compressed frames are opened to: the largest so far. */
  #frame = new Uint8Array(0);
  readonly #files = new StretchReader();
  readonly #pages = new PageMemory();

  constructor(codecs: readonly Codec[], idKey: Uint8Array) {
    this.#codecs = new Map(codecs.map((codec) => [codec.name, codec]));
    this.#idOf = chunkIds(idKey);
  }

  /**
   * @throws CORRUPT where the frame does not open, or expands to anything else; UNSUPPORTED; the system's error where
   *   chunks can't be written
   */
  unpack(task: UnpackTask): Unpacked {
    const { room, checks, writes } = task;
    const own = task.stored instanceof Uint8Array ? { stored: task.stored } : {};
    const stored = task.stored instanceof Uint8Array ? task.stored : this.#files.read(task.stored);
    if (stored === null) return { bad: NONE, unread: true };
    if (writes !== undefined) {
      const bad = this.#write(task, stored, writes);
      return { ...own, bad };
    }
    const bad = this.#check(this.#expand(task, stored, room), checks);
    return { ...(room === undefined ? {} : { bytes: room }), ...own, bad };
  }

  /** Memory for the frame lies so that it can be written as it is, past the page cache. */
  #write(task: UnpackTask, stored: Uint8Array, writes: ChunkWrites): readonly number[] {
    const shift = shiftOf(extentsOf(task.checks, writes));
    const bytes = this.#expand(task, stored, this.#pages.take(task.expanded, shift));
    const bad = this.#check(bytes, task.checks);
    const without = [...bad, ...zeroChunks(bytes, task.checks)];
    writeExtents(bytes, shift, extentsOf(task.checks, writes, without), writes.file);
    return bad;
  }

  #check(bytes: Uint8Array, { spans, ids }: ChunkChecks): readonly number[] {
    let bad: number[] | undefined;
    for (let n = 0; 2 * n < spans.length; n++) {
      const [offset = 0, length = 0] = [spans[2 * n], spans[2 * n + 1]];
      const id = this.#idOf(bytes.subarray(offset, offset + length));
      if (sameBytes(id, ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES))) continue;
      bad ??= [];
      bad.push(n);
    }
    return bad ?? NONE;
  }

  #expand(
    { seal, frame, codec: name, expanded }: UnpackTask,
    stored: Uint8Array,
    room: Uint8Array | undefined,
  ): Uint8Array {
    const length = stored.length - SEGMENT_OVERHEAD;
    if (name === "stored") return openSegment(seal, frame, false, stored, room ?? this.#scratch(length));
    const packed = openSegment(seal, frame, false, stored, this.#scratch(length));
    const codec = this.#codecs.get(name);
    if (codec === undefined) throw new Error(`A thread was started without the codec ${name}.`);
    return codec.expand(packed, expanded, room);
  }

  #scratch(length: number): Uint8Array {
    if (this.#frame.length < length) this.#frame = new Uint8Array(length);
    return this.#frame;
  }
}

/** An unpacker of what {@link UnpackSetup} says. */
export async function openUnpacker({ codecs, idKey }: UnpackSetup): Promise<Unpacker> {
  return new Unpacker(await Promise.all(codecs.map(openCodec)), idKey);
}
