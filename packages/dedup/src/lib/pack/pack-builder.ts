import { createHash } from "node:crypto";
import {
  beginSeal,
  encodeTable,
  SEGMENT_OVERHEAD,
  SealedKind,
  type SealState,
  sealSegment,
  sealTrailer,
  type TableRow,
} from "@lifeboat/crypto";
import { ID_BYTES } from "../bytes.ts";
import type { SealingKey } from "../site-key.ts";
import { encodePackExtra, FRAME_CODECS, type FrameCodec, type PackContent, type PackDirectory } from "./layout.ts";
import { MAX_PACK_CHUNKS, MAX_PACK_FRAMES } from "./limits.ts";
import { newPackId } from "./pack-name.ts";

/** A frame on its way into a pack. */
export interface PackFrame {
  readonly codec: FrameCodec;
  readonly bytes: Uint8Array;
  /** Bytes of each of its chunks; they sum up to what the frame expands to. */
  readonly lengths: readonly number[];
  /** 32 bytes for each of its chunks. */
  readonly ids: Uint8Array;
}

/** A pack that is complete: what the index keeps of it. */
export interface FinishedPack {
  /** Its id, in hex. */
  readonly id: string;
  /** Bytes of the object. */
  readonly size: number;
  /** SHA-256 of the object, 32 bytes. */
  readonly sha256: Uint8Array;
  readonly directory: PackDirectory;
}

/**
 * Makes one pack from its first byte to its last. What it answers are the bytes of the
 * object, in order; it keeps none of them, only what the table will say.
 */
export class PackBuilder {
  readonly id = newPackId();
  readonly content: PackContent;
  readonly #state: SealState;
  #header: Uint8Array | null;
  readonly #digest = createHash("sha256");
  readonly #rows: TableRow[] = [];
  readonly #counts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #ids: Uint8Array[] = [];
  #size = 0;

  constructor(key: SealingKey, content: PackContent) {
    this.content = content;
    const { header, state } = beginSeal({ ...key, kind: SealedKind.pack, keyBlock: new Uint8Array(0) });
    this.#header = header;
    this.#state = state;
  }

  /** Bytes so far, without the table. */
  get size(): number {
    return this.#size;
  }

  /** How many frames were added. */
  get frames(): number {
    return this.#rows.length;
  }

  /** Whether a frame of so many chunks may still be added. */
  takes(chunks: number): boolean {
    return this.frames < MAX_PACK_FRAMES && this.#lengths.length + chunks <= MAX_PACK_CHUNKS;
  }

  /**
   * Seals a frame; answers the bytes that follow those answered before. The ids are kept, the frame's bytes are not.
   *
   * @param room memory for the sealed frame, where it fits
   */
  add({ codec, bytes, lengths, ids }: PackFrame, room?: Uint8Array): Uint8Array[] {
    const expanded = lengths.reduce((sum, length) => sum + length, 0);
    const sealed = sealSegment(this.#state, this.#rows.length, false, bytes, room);
    this.#rows.push({ length: bytes.length, unpackedLength: expanded, tag: FRAME_CODECS.indexOf(codec) });
    this.#counts.push(lengths.length);
    for (const length of lengths) this.#lengths.push(length);
    this.#ids.push(ids);
    return this.#out(sealed);
  }

  /** The last bytes, and what the pack came to. */
  end(): { readonly pieces: Uint8Array[]; readonly pack: FinishedPack } {
    const directory = this.#directory();
    const table = encodeTable(this.#rows, encodePackExtra(directory));
    const offset = this.#size;
    const pieces = this.#out(sealSegment(this.#state, this.#rows.length, true, table));
    pieces.push(...this.#out(sealTrailer(offset, this.#rows.length)));
    return { pieces, pack: { id: this.id, size: this.#size, sha256: this.#digest.digest(), directory } };
  }

  #directory(): PackDirectory {
    const frames = this.#rows.map(({ length, unpackedLength, tag = 0 }, n) => ({
      length,
      expanded: unpackedLength,
      codec: FRAME_CODECS[tag] ?? "stored",
      chunks: this.#counts[n] ?? 0,
    }));
    const ids = new Uint8Array(this.#lengths.length * ID_BYTES);
    let at = 0;
    for (const some of this.#ids) {
      ids.set(some, at);
      at += some.length;
    }
    return { content: this.content, frames, lengths: Uint32Array.from(this.#lengths), ids };
  }

  #out(bytes: Uint8Array): Uint8Array[] {
    const pieces = this.#header === null ? [bytes] : [this.#header, bytes];
    this.#header = null;
    for (const piece of pieces) {
      this.#size += piece.length;
      this.#digest.update(piece);
    }
    return pieces;
  }
}

/** How long a frame of so many bytes becomes in its pack. */
export function sealedFrameBytes(length: number): number {
  return length + SEGMENT_OVERHEAD;
}
