/** No chunk is larger, in bytes; nor a frame that has several. */
export const MAX_CHUNK_BYTES = 16_777_216;
/** A frame that holds so much is closed. */
export const FRAME_BYTES = 1 << 20;
/** No chunk is added to a frame that would make it larger. */
export const MAX_FRAME_BYTES = 2 << 20;
/** The most chunks in a frame. */
export const MAX_FRAME_CHUNKS = 4096;
/** The most frames in a pack. */
export const MAX_PACK_FRAMES = 4096;
/** The most chunks in a pack. */
export const MAX_PACK_CHUNKS = 1_048_576;
/** No pack is larger, in bytes. */
export const MAX_PACK_BYTES = 128 << 20;

/** Bytes before a pack's first frame: a header without a key block. */
export const PACK_HEADER_BYTES = 96;

const GIB = 2 ** 30;

/** How large packs are to become, in bytes, in a site of so many bytes. */
export function packTarget(siteBytes: number): number {
  if (siteBytes >= 512 * GIB) return 64 << 20;
  return siteBytes >= 64 * GIB ? 32 << 20 : 16 << 20;
}
/** Most frames fit, expanded or sealed, at sites with the default chunks; others get memory of their own. */
export const ROOM_BYTES = FRAME_BYTES + 320 * 1024;
