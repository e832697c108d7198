import { ByteWriter, ID_BYTES, writeHead } from "../bytes.ts";
import { FRAME_CODECS } from "../pack/layout.ts";
import type { FinishedPack } from "../pack/pack-builder.ts";
import { MAX_INDEX_CHUNKS, MAX_INDEX_FRAMES, MAX_INDEX_PACKS, SEGMENT_CHUNKS } from "./limits.ts";

/** A pack, as an index tells of it. */
export type IndexedPack = FinishedPack;

/** An index object before it is compressed and sealed (docs/spec/dedup.md, "Index objects"). */
export interface IndexColumns {
  /** Packs and frames: segment 0. */
  readonly packs: Uint8Array;
  /** Of up to 65,536 chunks each, their lengths and their ids: the segments after it, in turn. */
  readonly chunks: readonly { readonly lengths: Uint8Array; readonly ids: Uint8Array }[];
}

/** Groups of packs that each fit into one index object. */
export function* indexGroups(packs: Iterable<IndexedPack>): Generator<readonly IndexedPack[]> {
  let group: IndexedPack[] = [];
  let [frames, chunks] = [0, 0];
  for (const pack of packs) {
    const { directory } = pack;
    const full =
      group.length === MAX_INDEX_PACKS ||
      frames + directory.frames.length > MAX_INDEX_FRAMES ||
      chunks + directory.lengths.length > MAX_INDEX_CHUNKS;
    if (full && group.length > 0) {
      yield group;
      group = [];
      [frames, chunks] = [0, 0];
    }
    group.push(pack);
    frames += directory.frames.length;
    chunks += directory.lengths.length;
  }
  if (group.length > 0) yield group;
}

/** Lays out what an index object tells of some packs, which must fit into one. */
export function encodeIndex(packs: readonly IndexedPack[]): IndexColumns {
  const frames = packs.flatMap(({ directory }) => directory.frames);
  const count = packs.reduce((sum, { directory }) => sum + directory.lengths.length, 0);
  const out = new ByteWriter(16 + packs.length * 61 + frames.length * 13);
  writeHead(out);
  for (const number of [packs.length, frames.length, count]) out.u32(number);
  for (const { id } of packs) out.put(Buffer.from(id, "hex"));
  for (const { size } of packs) out.u64(size);
  for (const { sha256 } of packs) out.put(sha256);
  for (const { directory } of packs) out.u8(directory.content === "data" ? 0 : 1);
  for (const { directory } of packs) out.u32(directory.frames.length);
  for (const { length } of frames) out.u32(length);
  for (const { expanded } of frames) out.u32(expanded);
  for (const { codec } of frames) out.u8(FRAME_CODECS.indexOf(codec));
  for (const { chunks } of frames) out.u32(chunks);
  return { packs: out.content, chunks: chunkColumns(packs, count) };
}

function chunkColumns(packs: readonly IndexedPack[], count: number): IndexColumns["chunks"] {
  const lengths = new Uint8Array(count * 4);
  const ids = new Uint8Array(count * ID_BYTES);
  const numbers = new DataView(lengths.buffer);
  let at = 0;
  for (const { directory } of packs) {
    ids.set(directory.ids, at * ID_BYTES);
    for (const length of directory.lengths) numbers.setUint32(4 * at++, length);
  }
  const segments: IndexColumns["chunks"][number][] = [];
  for (let from = 0; from < count; from += SEGMENT_CHUNKS) {
    const to = Math.min(from + SEGMENT_CHUNKS, count);
    segments.push({
      lengths: lengths.subarray(from * 4, to * 4),
      ids: ids.subarray(from * ID_BYTES, to * ID_BYTES),
    });
  }
  return segments;
}
