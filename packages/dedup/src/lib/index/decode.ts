import { ByteReader, ID_BYTES, readHead } from "../bytes.ts";
import type { Refuse } from "../errors.ts";
import { FRAME_CODECS, type FrameInfo, type PackContent } from "../pack/layout.ts";
import { MAX_CHUNK_BYTES, MAX_FRAME_CHUNKS, MAX_PACK_BYTES, MAX_PACK_CHUNKS, MAX_PACK_FRAMES } from "../pack/limits.ts";
import type { IndexedPack } from "./encode.ts";
import { MAX_INDEX_CHUNKS, MAX_INDEX_FRAMES, MAX_INDEX_PACKS } from "./limits.ts";

/** A pack of which the chunks have yet to be read. */
interface PackHead {
  readonly id: string;
  readonly size: number;
  readonly sha256: Uint8Array;
  readonly content: PackContent;
  readonly frames: readonly FrameInfo[];
  readonly chunks: number;
}

/** What segment 0 of an index object says. */
export interface IndexHead {
  readonly packs: readonly PackHead[];
  /** How many chunks there are in all. */
  readonly chunks: number;
}

const MIN_PACK_BYTES = 97;

/**
 * Reads segment 0.
 *
 * @throws CORRUPT where numbers disagree or are out of their limits; UNSUPPORTED
 */
export function decodeIndexHead(bytes: Uint8Array, refuse: Refuse): IndexHead {
  const read = new ByteReader(bytes, refuse);
  readHead(read, "an index", refuse);
  const [packs, frames, chunks] = [read.u32(), read.u32(), read.u32()];
  if (packs === 0 || packs > MAX_INDEX_PACKS) refuse(`it tells of ${packs} packs`);
  if (frames < packs || frames > MAX_INDEX_FRAMES) refuse(`it tells of ${frames} frames`);
  if (chunks < frames || chunks > MAX_INDEX_CHUNKS) refuse(`it tells of ${chunks} chunks`);
  if (read.left !== packs * 61 + frames * 13) refuse(`it has not the length of ${packs} packs and ${frames} frames`);
  const column = <T>(count: number, next: () => T): T[] => Array.from({ length: count }, next);
  const ids = column(packs, () => Buffer.from(read.take(16)).toString("hex"));
  const sizes = column(packs, () => read.u64());
  const digests = column(packs, () => read.take(32).slice());
  const contents = column(packs, () => read.u8());
  const counts = column(packs, () => read.u32());
  const rows = decodeFrames(read, frames, chunks, refuse);
  if (new Set(ids).size !== packs) refuse("it tells of a pack twice");
  let at = 0;
  const heads = ids.map((id, n): PackHead => {
    const [size = 0, count = 0, content = 0] = [sizes[n], counts[n], contents[n]];
    if (size < MIN_PACK_BYTES || size > MAX_PACK_BYTES) refuse(`pack ${id} has ${size} bytes`);
    if (content > 1) refuse(`the content of pack ${id} is ${content}`);
    if (count === 0 || count > MAX_PACK_FRAMES) refuse(`pack ${id} has ${count} frames`);
    const own = rows.slice(at, at + count);
    at += count;
    const total = own.reduce((sum, frame) => sum + frame.chunks, 0);
    if (total > MAX_PACK_CHUNKS) refuse(`pack ${id} has ${total} chunks`);
    const sha256 = digests[n] ?? refuse("a digest is missing");
    return { id, size, sha256, content: content === 0 ? "data" : "lists", frames: own, chunks: total };
  });
  if (at !== frames) refuse(`its packs have ${at} frames, not ${frames}`);
  return { packs: heads, chunks };
}

function decodeFrames(read: ByteReader, count: number, total: number, refuse: Refuse): FrameInfo[] {
  const column = (): number[] => Array.from({ length: count }, () => read.u32());
  const lengths = column();
  const expanded = column();
  const codecs = Array.from({ length: count }, () => read.u8());
  const chunks = column();
  let sum = 0;
  const frames = lengths.map((length, n): FrameInfo => {
    const [size = 0, own = 0] = [expanded[n], chunks[n]];
    const codec = FRAME_CODECS[codecs[n] ?? 255] ?? refuse(`frame ${n} has codec ${codecs[n]}`);
    if (length === 0 || length > MAX_PACK_BYTES) refuse(`frame ${n} has ${length} bytes`);
    if (size === 0 || size > MAX_CHUNK_BYTES) refuse(`frame ${n} expands to ${size} bytes`);
    if (codec === "stored" && length !== size) refuse(`frame ${n} is stored and changes its length`);
    if (own === 0 || own > MAX_FRAME_CHUNKS) refuse(`frame ${n} has ${own} chunks`);
    sum += own;
    return { length, expanded: size, codec, chunks: own };
  });
  if (sum !== total) refuse(`its frames have ${sum} chunks, not ${total}`);
  return frames;
}

/**
 * Puts the packs of an index together with their chunks.
 *
 * @param lengths big-endian, 4 bytes a chunk
 * @param ids 32 bytes a chunk
 * @throws CORRUPT where lengths don't sum up to their frames
 */
export function joinIndex(head: IndexHead, lengths: Uint8Array, ids: Uint8Array, refuse: Refuse): IndexedPack[] {
  const numbers = new DataView(lengths.buffer, lengths.byteOffset, lengths.length);
  let at = 0;
  return head.packs.map(({ id, size, sha256, content, frames, chunks }) => {
    const own = new Uint32Array(chunks);
    const from = at;
    for (const frame of frames) {
      let sum = 0;
      for (const end = at + frame.chunks; at < end; at++) {
        const length = numbers.getUint32(at * 4);
        if (length === 0 || length > MAX_CHUNK_BYTES) refuse(`chunk ${at} has ${length} bytes`);
        own[at - from] = length;
        sum += length;
      }
      if (sum !== frame.expanded)
        refuse(`a frame of pack ${id} expands to ${frame.expanded} bytes, its chunks to ${sum}`);
    }
    const directory = { content, frames, lengths: own, ids: ids.subarray(from * ID_BYTES, at * ID_BYTES) };
    return { id, size, sha256, directory };
  });
}
