import { SEGMENT_OVERHEAD } from "@lifeboat/crypto";
import { FRAME_CODECS, type FrameInfo, type PackContent } from "../pack/layout.ts";
import { PACK_HEADER_BYTES } from "../pack/limits.ts";
import type { FramePlace, PackPlace } from "../read/chunk-map.ts";
import type { IndexedPack } from "./encode.ts";

/** A pack of an index in memory: some 20 bytes a frame, none a chunk. */
export class PackFrames implements PackPlace {
  readonly id: string;
  readonly size: number;
  readonly sha256: Uint8Array;
  readonly content: PackContent;
  /** The number of its first frame among those of all packs. */
  readonly firstFrame: number;
  readonly frameCount: number;
  readonly #offsets: Uint32Array;
  readonly #expanded: Uint32Array;
  readonly #codecs: Uint8Array;
  readonly #chunks: Uint16Array;

  constructor({ id, size, sha256, directory }: IndexedPack, firstFrame: number) {
    const { content, frames } = directory;
    this.id = id;
    this.size = size;
    this.sha256 = sha256;
    this.content = content;
    this.firstFrame = firstFrame;
    this.frameCount = frames.length;
    this.#offsets = new Uint32Array(frames.length + 1);
    let at = PACK_HEADER_BYTES;
    for (const [n, { length }] of frames.entries()) {
      this.#offsets[n] = at;
      at += length + SEGMENT_OVERHEAD;
    }
    this.#offsets[frames.length] = at;
    this.#expanded = Uint32Array.from(frames, ({ expanded }) => expanded);
    this.#codecs = Uint8Array.from(frames, ({ codec }) => FRAME_CODECS.indexOf(codec));
    this.#chunks = Uint16Array.from(frames, ({ chunks }) => chunks);
  }

  /** @param n from 0 to `frameCount - 1` */
  frame(n: number): FramePlace {
    const [offset, end, expanded, codec] = [
      this.#offsets[n],
      this.#offsets[n + 1],
      this.#expanded[n],
      FRAME_CODECS[this.#codecs[n] ?? 255],
    ];
    if (offset === undefined || end === undefined || expanded === undefined || codec === undefined)
      throw new RangeError(`There is no frame ${n} in pack ${this.id}.`);
    return { offset, storedLength: end - offset, expanded, codec };
  }

  /** What the pack's own table says of a frame. */
  info(n: number): FrameInfo {
    const { storedLength, expanded, codec } = this.frame(n);
    return { length: storedLength - SEGMENT_OVERHEAD, expanded, codec, chunks: this.#chunks[n] ?? 0 };
  }
}
