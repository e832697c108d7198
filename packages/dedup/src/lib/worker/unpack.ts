import { openSegment, SEGMENT_OVERHEAD, type SealState } from "@lifeboat/crypto";
import { type Codec, type CodecSetup, openCodec } from "@lifeboat/frames";
import { ID_BYTES, sameBytes } from "../bytes.ts";
import { type ChunkId, chunkIds } from "../id.ts";
import type { FrameCodec } from "../pack/layout.ts";

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
  readonly stored: Uint8Array<ArrayBuffer>;
  readonly codec: FrameCodec;
  /** How many bytes it must expand to. */
  readonly expanded: number;
  /** Memory of that length for them; absent where only is wanted whether they are right. */
  readonly room?: Uint8Array<ArrayBuffer>;
  readonly checks: ChunkChecks;
}

/** An opened frame. */
export interface Unpacked {
  /** The task's room, filled; absent where there was none. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** The task's stored bytes, used up: their memory goes back. */
  readonly stored: Uint8Array<ArrayBuffer>;
  /** Which of the task's chunks are not what their ids say. */
  readonly bad: readonly number[];
}

const NONE: readonly number[] = [];

/** Opens, expands and checks frames, synchronously. One a thread. */
export class Unpacker {
  readonly #codecs: ReadonlyMap<string, Codec>;
  readonly #idOf: ChunkId;
  /** Where compressed frames are opened to: the largest so far. */
  #frame = new Uint8Array(0);

  constructor(codecs: readonly Codec[], idKey: Uint8Array) {
    this.#codecs = new Map(codecs.map((codec) => [codec.name, codec]));
    this.#idOf = chunkIds(idKey);
  }

  /**
   * @throws CORRUPT where the frame does not open, or expands to anything else; UNSUPPORTED
   */
  unpack({ seal, frame, stored, codec, expanded, room, checks }: UnpackTask): Unpacked {
    const bytes = this.#expand(seal, frame, stored, codec, expanded, room);
    const { spans, ids } = checks;
    let bad: number[] | undefined;
    for (let n = 0; 2 * n < spans.length; n++) {
      const [offset = 0, length = 0] = [spans[2 * n], spans[2 * n + 1]];
      const id = this.#idOf(bytes.subarray(offset, offset + length));
      if (sameBytes(id, ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES))) continue;
      bad ??= [];
      bad.push(n);
    }
    return { ...(room === undefined ? {} : { bytes: room }), stored, bad: bad ?? NONE };
  }

  #expand(
    seal: SealState,
    frame: number,
    stored: Uint8Array,
    name: FrameCodec,
    expanded: number,
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
