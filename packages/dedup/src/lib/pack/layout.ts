import type { SealedTable } from "@lifeboat/crypto";
import { ByteReader, ByteWriter, ID_BYTES, readHead, writeHead } from "../bytes.ts";
import { corrupt } from "../errors.ts";
import { MAX_CHUNK_BYTES, MAX_FRAME_CHUNKS, MAX_PACK_CHUNKS, MAX_PACK_FRAMES } from "./limits.ts";

/** What a pack holds: content of files, or chunks of lists and of references. They never share a pack. */
export type PackContent = "data" | "lists";

/** How a frame is compressed; its number is the tag in tables and indexes. */
export type FrameCodec = "stored" | "zstd" | "gzip";

/** The codecs by their numbers. */
export const FRAME_CODECS: readonly FrameCodec[] = ["stored", "zstd", "gzip"];
const CONTENTS: readonly PackContent[] = ["data", "lists"];

/** One frame of a pack. */
export interface FrameInfo {
  /** Bytes as they are stored, before sealing. */
  readonly length: number;
  /** Bytes after decompression: the sum of its chunks'. */
  readonly expanded: number;
  readonly codec: FrameCodec;
  /** How many chunks it has. */
  readonly chunks: number;
}

/** What a pack holds: what its own table says, and the index of it. */
export interface PackDirectory {
  readonly content: PackContent;
  readonly frames: readonly FrameInfo[];
  /** Bytes of each chunk, frame by frame. */
  readonly lengths: Uint32Array;
  /** 32 bytes for each chunk. */
  readonly ids: Uint8Array;
}

/** The `extra` of a pack's table (docs/spec/dedup.md, "Packs"). */
export function encodePackExtra({ content, frames, lengths, ids }: PackDirectory): Uint8Array {
  const out = new ByteWriter(4 + 4 * (frames.length + lengths.length) + ids.length);
  writeHead(out, CONTENTS.indexOf(content));
  for (const { chunks } of frames) out.u32(chunks);
  for (const length of lengths) out.u32(length);
  out.put(ids);
  return out.content;
}

/**
 * What a pack holds, from its table.
 *
 * @throws CORRUPT where counts, lengths and rows disagree; UNSUPPORTED
 */
export function decodePackTable({ rows, extra }: SealedTable, key: string): PackDirectory {
  const refuse = (problem: string): never => {
    throw corrupt(`The table of ${key}`, problem, key);
  };
  if (rows.length === 0 || rows.length > MAX_PACK_FRAMES) refuse(`it has ${rows.length} frames`);
  const bytes = new ByteReader(extra, refuse);
  const content = CONTENTS[readHead(bytes, "a pack's table", refuse, CONTENTS.length)] ?? refuse("its content");
  let total = 0;
  const frames = rows.map(({ length, unpackedLength, tag }, n): FrameInfo => {
    const chunks = bytes.u32();
    if (chunks === 0 || chunks > MAX_FRAME_CHUNKS) refuse(`frame ${n} has ${chunks} chunks`);
    total += chunks;
    const codec = FRAME_CODECS[tag] ?? refuse(`frame ${n} has codec ${tag}`);
    checkFrame(n, codec, length, unpackedLength, refuse);
    return { length, expanded: unpackedLength, codec, chunks };
  });
  if (total > MAX_PACK_CHUNKS || bytes.left !== total * (4 + ID_BYTES))
    refuse(`its extra is not that of ${total} chunks`);
  const lengths = new Uint32Array(total);
  let at = 0;
  for (const [n, { chunks, expanded }] of frames.entries()) {
    let sum = 0;
    for (const end = at + chunks; at < end; at++) {
      const length = bytes.u32();
      if (length === 0 || length > MAX_CHUNK_BYTES) refuse(`a chunk of frame ${n} has ${length} bytes`);
      lengths[at] = length;
      sum += length;
    }
    if (sum !== expanded) refuse(`frame ${n} expands to ${expanded} bytes, its chunks have ${sum}`);
  }
  return { content, frames, lengths, ids: bytes.take(total * ID_BYTES).slice() };
}

function checkFrame(n: number, codec: FrameCodec, length: number, expanded: number, refuse: (p: string) => never) {
  if (expanded === 0 || expanded > MAX_CHUNK_BYTES) refuse(`frame ${n} expands to ${expanded} bytes`);
  if (codec === "stored" && length !== expanded) refuse(`frame ${n} is stored and changes its length`);
}
