import { write as writeCallback } from "node:fs";
import { promisify } from "node:util";
import type { AbortOptions, EntryInfo, TargetFile } from "@lifeboat/contracts";
import { ID_BYTES } from "../bytes.ts";
import { type Refs, refId } from "../list/refs.ts";
import type { Unpacked } from "../worker/unpack.ts";
import type { ChunkMap, PackPlace } from "./chunk-map.ts";
import type { ChunkReader } from "./chunks.ts";
import type { FrameRequest } from "./frame-fetch.ts";
import { isDamage, otherSize } from "./read-errors.ts";
import { stretches } from "./stretches.ts";

const write = promisify(writeCallback);

const MIB = 1024 * 1024;
/** Chunks of so many bytes of a file are planned together: within that, each frame is read once. */
const WINDOW_BYTES = 64 * MIB;
/** So many windows are under way, so that the threads do not wait at the end of one. */
const WINDOWS = 2;
/** Chunks of so many bytes are in memory at once where they have to be looked for elsewhere. */
const AGAIN_BYTES = 4 * MIB;

/** A file's content, and where it goes. */
export interface BodyWriting {
  readonly entry: Pick<EntryInfo, "path" | "size">;
  /** Its references, in order. */
  readonly content: AsyncIterable<Refs>;
  readonly reader: Pick<ChunkReader, "map" | "fetch" | "batch" | "open">;
  readonly file: TargetFile;
  /** Called with bytes that are dealt with. */
  readonly advance: (bytes: number) => void;
}

/** A chunk of the file. */
interface PlacedChunk {
  readonly id: Uint8Array;
  readonly length: number;
  readonly position: number;
}

/**
 * Has the threads write a file's content from where they unpack it, in the order in which it lies in the packs. A chunk
 * that is not right there is looked for elsewhere. Settles when nothing is written any more.
 *
 * @throws CORRUPT, NOT_FOUND; the system's error where the file can't be written
 */
export async function writeBody(writing: BodyWriting, { signal }: AbortOptions): Promise<void> {
  const { path, size } = writing.entry;
  const underWay: Promise<void>[] = [];
  let position = 0;
  try {
    for await (const refs of writing.content) {
      for (const window of stretches(refs, WINDOW_BYTES)) {
        signal?.throwIfAborted();
        const chunks = placed(window, position);
        position += bytesOf(chunks);
        if (position > size) throw otherSize(path, size, position); // no list can make a disk overflow
        const begun = writeWindow(chunks, writing, signal);
        begun.catch(() => undefined); // awaited in its turn
        underWay.push(begun);
        if (underWay.length >= WINDOWS) await underWay.shift();
      }
    }
    while (underWay.length > 0) await underWay.shift();
    if (position !== size) throw otherSize(path, size, position);
  } finally {
    await Promise.allSettled(underWay);
  }
}

function placed(refs: Refs, start: number): PlacedChunk[] {
  const chunks: PlacedChunk[] = [];
  let position = start;
  for (let n = 0; n < refs.count; n++) {
    const length = refs.lengths[n] ?? 0;
    chunks.push({ id: refId(refs, n), length, position });
    position += length;
  }
  return chunks;
}

async function writeWindow(
  chunks: readonly PlacedChunk[],
  { reader, file, advance }: BodyWriting,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { frames, elsewhere } = groupByFrame(chunks, await reader.map());
  let failed: { readonly error: unknown } | undefined;
  const requests = frames.map((frame) =>
    requestFor(frame, file, (outcome) => {
      if ("error" in outcome && !isDamage(outcome.error)) failed ??= outcome;
      const again = "error" in outcome ? frame.chunks : outcome.wrong;
      elsewhere.push(...again);
      try {
        advance(bytesOf(frame.chunks) - bytesOf(again));
      } catch (error) {
        failed ??= { error }; // it is the host's, and must not keep the other frames from being waited for
      }
    }),
  );
  await reader.fetch(requests);
  if (failed !== undefined) throw failed.error;
  for (const again of pieces(elsewhere)) await writeAgain(again, { reader, file, advance }, signal);
}

/** A frame of which chunks are wanted. */
interface WantedChunks {
  readonly pack: PackPlace;
  readonly frame: number;
  readonly chunks: PlacedChunk[];
  /** Where each of them begins in the frame. */
  readonly offsets: number[];
}

/** Chunks by the frames they lie in, in the order of first use; and those of which no index knows, or otherwise. */
function groupByFrame(chunks: readonly PlacedChunk[], map: ChunkMap) {
  const frames = new Map<string, WantedChunks>();
  const elsewhere: PlacedChunk[] = [];
  for (const chunk of chunks) {
    const place = map.find(chunk.id);
    if (place === undefined || place.length !== chunk.length) {
      elsewhere.push(chunk);
      continue;
    }
    const { pack, frame, offset } = place;
    const key = `${pack.id}/${frame}`;
    const known = frames.get(key) ?? { pack, frame, chunks: [], offsets: [] };
    frames.set(key, known);
    known.chunks.push(chunk);
    known.offsets.push(offset);
  }
  return { frames: [...frames.values()], elsewhere };
}

type Outcome = { readonly wrong: readonly PlacedChunk[] } | { readonly error: unknown };

function requestFor(
  { pack, frame, chunks, offsets }: WantedChunks,
  file: TargetFile,
  settle: (outcome: Outcome) => void,
): FrameRequest {
  const numbers = new Map<string, number>(); // by the id: of where a chunk begins, indexes may contradict each other
  const checks = new Uint32Array(chunks.length);
  for (const [n, { id }] of chunks.entries()) {
    const key = Buffer.from(id).toString("latin1");
    const number = numbers.get(key) ?? numbers.size;
    numbers.set(key, number);
    checks[n] = number;
  }
  const spans = new Uint32Array(2 * numbers.size);
  const ids = new Uint8Array(ID_BYTES * numbers.size);
  for (const [n, { id, length }] of chunks.entries()) {
    const number = checks[n] ?? 0;
    spans.set([offsets[n] ?? 0, length], 2 * number);
    ids.set(id, ID_BYTES * number);
  }
  return {
    pack,
    frame,
    keep: false,
    checks: { spans, ids },
    writes: { file, checks, positions: Float64Array.from(chunks, ({ position }) => position) },
    resolve({ bad }: Unpacked) {
      const wrong = new Set(bad);
      settle({ wrong: wrong.size === 0 ? [] : chunks.filter((_, n) => wrong.has(checks[n] ?? 0)) });
    },
    reject: (error) => settle({ error }),
  };
}

/** Chunks that come to so many bytes, or one that is larger. */
function* pieces(chunks: readonly PlacedChunk[]): Generator<readonly PlacedChunk[]> {
  let piece: PlacedChunk[] = [];
  for (const chunk of chunks) {
    piece.push(chunk);
    if (bytesOf(piece) < AGAIN_BYTES) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** Writes chunks that are read the ordinary way, which tries every copy. */
async function writeAgain(
  chunks: readonly PlacedChunk[],
  { reader, file, advance }: Pick<BodyWriting, "reader" | "file" | "advance">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const batch = await reader.batch();
  for (const { id, length } of chunks) batch.addOne(id, length);
  const opened = await reader.open(batch);
  try {
    for (const [n, { position, length }] of chunks.entries()) {
      signal?.throwIfAborted();
      const bytes = opened.bytes(n);
      for (let at = 0; at < bytes.length; ) {
        at += (await write(file.fd, bytes, at, bytes.length - at, position + at)).bytesWritten;
      }
      advance(length);
    }
  } finally {
    opened.release();
  }
}

function bytesOf(chunks: readonly PlacedChunk[]): number {
  return chunks.reduce((sum, { length }) => sum + length, 0);
}
