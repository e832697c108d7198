import type { AbortOptions, LifeboatError } from "@lifeboat/contracts";
import { openHeader, openSegment, parseHeader, SEGMENT_OVERHEAD, SealedKind, type SealState } from "@lifeboat/crypto";
import {
  type Codec,
  collectBytes,
  openCodec,
  RangedReader,
  RoomPool,
  type SegmentPlace,
  setupCodec,
} from "@lifeboat/frames";
import type { DedupSite } from "../dedup-site.ts";
import type { FrameCodec, PackDirectory } from "../pack/layout.ts";
import { PACK_HEADER_BYTES } from "../pack/limits.ts";
import { packKey } from "../pack/pack-name.ts";
import { type OpenPack, openPack } from "../pack/pack-reader.ts";
import { badPack, isDamage } from "../read/read-errors.ts";

/** Frames of packs, read to be copied. */
export interface FrameSource {
  /**
   * Some frames of a pack, in rising order, as they were compressed.
   *
   * @throws NOT_FOUND, CORRUPT where not even the pack's table can be read, and no other was given
   */
  frames(
    pack: SourcePack,
    wanted: (directory: PackDirectory) => readonly number[],
    options: AbortOptions,
  ): AsyncIterable<CopiedFrame>;
  /** What a frame expands to, or why it does not. */
  expand(bytes: Uint8Array, codec: FrameCodec, expanded: number): Uint8Array | LifeboatError;
}

/** A pack to read from. */
export interface SourcePack {
  readonly id: string;
  readonly size: number;
  /** What the index tells of it, for where its own table can't be read. */
  readonly directory?: PackDirectory | undefined;
}

/** A frame of a pack. */
export interface CopiedFrame {
  readonly directory: PackDirectory;
  readonly frame: number;
  /** Its bytes before sealing, or why they can't be had. */
  readonly bytes: Uint8Array | LifeboatError;
}

const ROOM_BYTES = (2 << 20) + (64 << 10);

/** Reads packs' frames. */
export async function openFrameSource({ context, key, tools }: DedupSite): Promise<FrameSource> {
  const { storage } = context;
  const gzip: Codec = await openCodec(await setupCodec("gzip", 1));
  const rooms = new RoomPool(4, ROOM_BYTES);

  async function* frames(
    pack: SourcePack,
    wanted: (directory: PackDirectory) => readonly number[],
    { signal }: AbortOptions,
  ): AsyncGenerator<CopiedFrame> {
    const { id } = pack;
    const { directory, seal } = await openSource(pack, { signal });
    const chosen = wanted(directory);
    const object = { key: packKey(id), segments: placesOf(directory) };
    const reader = new RangedReader({ storage, object, rooms, damaged: (problem) => badPack(id, problem), signal });
    try {
      for (const frame of chosen) {
        signal?.throwIfAborted();
        const bytes = await readFrame(reader, seal, frame, chosen.at(-1) ?? frame, id);
        yield { directory, frame, bytes };
      }
    } finally {
      await reader.close();
    }
  }

  /** By its own table; where that can't be read, as in a pack that was cut off, by what the index tells. */
  async function openSource({ id, size, directory }: SourcePack, options: AbortOptions): Promise<OpenPack> {
    const { siteKey } = key;
    try {
      return await openPack({ storage, siteKey }, id, size, options);
    } catch (error) {
      if (!isDamage(error) || directory === undefined) throw error;
      const range = { start: 0, end: PACK_HEADER_BYTES };
      const header = await collectBytes(storage.get(packKey(id), { ...options, range }));
      return { directory, seal: openHeader(parseHeader(header), siteKey, SealedKind.pack) };
    }
  }

  async function readFrame(
    reader: RangedReader,
    seal: SealState,
    frame: number,
    until: number,
    id: string,
  ): Promise<Uint8Array | LifeboatError> {
    try {
      const stored = await reader.read(frame, until);
      const bytes = openSegment(seal, frame, false, stored);
      rooms.give(stored);
      return bytes;
    } catch (error) {
      if (isDamage(error)) return badPack(id, `frame ${frame} does not open`, error);
      throw error;
    }
  }

  return {
    frames,
    expand(bytes, codec, expanded) {
      if (codec === "stored") return bytes;
      try {
        return (codec === "zstd" ? tools.zstd : gzip).expand(bytes, expanded).slice();
      } catch (error) {
        if (isDamage(error)) return error;
        throw error;
      }
    },
  };
}

function placesOf({ frames }: PackDirectory): SegmentPlace[] {
  let offset = PACK_HEADER_BYTES;
  return frames.map(({ length }) => {
    const place = { offset, storedLength: length + SEGMENT_OVERHEAD };
    offset += place.storedLength;
    return place;
  });
}
