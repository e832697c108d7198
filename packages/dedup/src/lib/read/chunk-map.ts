import type { FrameCodec } from "../pack/layout.ts";

/** A frame in its pack's object. */
export interface FramePlace {
  /** The byte that the sealed frame begins at. */
  readonly offset: number;
  /** Bytes of the sealed frame. */
  readonly storedLength: number;
  /** Bytes after decompression. */
  readonly expanded: number;
  readonly codec: FrameCodec;
}

/** A pack, as an index tells of it. */
export interface PackPlace {
  /** In hex. */
  readonly id: string;
  /** Bytes of the object. */
  readonly size: number;
  /** SHA-256 of the object. */
  readonly sha256: Uint8Array;
  readonly frameCount: number;
  /** @param n from 0 to `frameCount - 1` */
  frame(n: number): FramePlace;
}

/** Where a chunk lies, as an index tells. */
export interface ChunkPlace {
  readonly pack: PackPlace;
  /** The frame's number in its pack. */
  readonly frame: number;
  /** The byte of the expanded frame that it begins at. */
  readonly offset: number;
  readonly length: number;
}

/** What the index objects of a site tell, for reading. */
export interface ChunkMap {
  /** One place of a chunk, or `undefined` where no index names it. */
  find(id: Uint8Array): ChunkPlace | undefined;
}

/** Finds chunks, and finds them elsewhere where a place turns out to be no good. */
export interface ChunkLocator {
  /** The index, read when it is first asked for. */
  map(signal: AbortSignal | undefined): Promise<ChunkMap>;
  /**
   * The index, read anew, with the packs alone that are there: a prune may have moved chunks meanwhile, and
   * another copy may be better.
   *
   * @param without packs to pass over, in hex
   */
  fresh(without: ReadonlySet<string>, signal: AbortSignal | undefined): Promise<ChunkMap>;
}
