import { type Codec, SegmentBuffer } from "@lifeboat/frames";
import { ID_BYTES } from "../bytes.ts";
import type { ChunkId } from "../id.ts";
import type { FrameCodec, PackContent } from "../pack/layout.ts";
import { FRAME_BYTES, MAX_FRAME_BYTES, MAX_FRAME_CHUNKS } from "../pack/limits.ts";
import { PackBuilder, sealedFrameBytes } from "../pack/pack-builder.ts";
import type { SealingKey } from "../site-key.ts";
import type { RoomStock } from "./room-stock.ts";
import type { PackPiece } from "./tasks.ts";

/** Whether a chunk is to be stored by who asks: the site lacks it, and nobody else has taken it on. */
export type ClaimChunk = (id: Uint8Array) => boolean;

/** What a {@link FramePacker} works with. */
export interface FramePackerOptions {
  readonly content: PackContent;
  readonly key: SealingKey;
  readonly codec: Codec;
  readonly idOf: ChunkId;
  readonly claim: ClaimChunk;
  readonly packBytes: number;
  readonly rooms: RoomStock;
}

/** What a frame's memory begins with; it grows as it is used. */
const FIRST_BYTES = 64 * 1024;

/** Puts chunks into frames, and frames into packs, synchronously. One a thread and kind of content. */
export class FramePacker {
  readonly #options: FramePackerOptions;
  readonly #frame = new SegmentBuffer(FIRST_BYTES);
  #lengths: number[] = [];
  #ids: Uint8Array[] = [];
  #pack: PackBuilder | null = null;
  #pieces: PackPiece[] = [];

  constructor(options: FramePackerOptions) {
    this.#options = options;
  }

  /** Stores a chunk unless the site has it; answers its id. The chunk's memory is the caller's again. */
  add(chunk: Uint8Array): Uint8Array {
    const id = this.#options.idOf(chunk);
    if (this.#options.claim(id)) {
      this.#makeRoom(chunk.length);
      this.#frame.append(chunk);
      this.#added(chunk.length, id);
    }
    return id;
  }

  /**
   * The same for a chunk that `fill` puts where it would go: nothing is copied. It answers how many bytes came; none
   * are no chunk.
   */
  fill(
    length: number,
    fill: (room: Uint8Array) => number,
  ): { readonly length: number; readonly id: Uint8Array } | null {
    this.#makeRoom(length);
    const before = this.#frame.used;
    const chunk = this.#frame.take(length);
    const came = fill(chunk);
    this.#frame.reset(before);
    if (came === 0) return null;
    const id = this.#options.idOf(chunk.subarray(0, came));
    if (this.#options.claim(id)) {
      this.#frame.take(came);
      this.#added(came, id);
    }
    return { length: came, id };
  }

  /** Ends the frame that is open, and with `pack` the pack too. */
  flush(pack: boolean): void {
    this.#endFrame();
    if (pack) this.#endPack();
  }

  /** What came to packs since the last call. */
  take(): PackPiece[] {
    const pieces = this.#pieces;
    this.#pieces = [];
    return pieces;
  }

  #makeRoom(length: number): void {
    const held = this.#frame.used;
    if (held > 0 && (held + length > MAX_FRAME_BYTES || length > FRAME_BYTES)) this.#endFrame();
  }

  #added(length: number, id: Uint8Array): void {
    this.#lengths.push(length);
    this.#ids.push(id);
    if (this.#frame.used >= FRAME_BYTES || this.#lengths.length >= MAX_FRAME_CHUNKS) this.#endFrame();
  }

  #endFrame(): void {
    if (this.#lengths.length === 0) return;
    const { codec, content, key, packBytes, rooms } = this.#options;
    if (this.#pack?.takes(this.#lengths.length) === false) this.#endPack();
    this.#pack ??= new PackBuilder(key, content);
    const plain = this.#frame.content;
    const packed = codec.tryCompress(plain);
    const smaller = packed !== null && packed.length < plain.length;
    const bytes = smaller ? packed : plain;
    const name: FrameCodec = smaller ? codec.name : "stored";
    const room = rooms.take(sealedFrameBytes(bytes.length));
    const out = this.#pack.add({ codec: name, bytes, lengths: this.#lengths, ids: concatIds(this.#ids) }, room);
    this.#pieces.push({ pack: this.#pack.id, content, bytes: out });
    this.#lengths = [];
    this.#ids = [];
    this.#frame.reset();
    if (this.#pack.size >= packBytes) this.#endPack();
  }

  #endPack(): void {
    if (this.#pack === null) return;
    const { pieces, pack } = this.#pack.end();
    this.#pieces.push({ pack: pack.id, content: pack.directory.content, bytes: pieces, end: pack });
    this.#pack = null;
  }
}

function concatIds(ids: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(ids.length * ID_BYTES);
  ids.forEach((id, n) => {
    all.set(id, n * ID_BYTES);
  });
  return all;
}
