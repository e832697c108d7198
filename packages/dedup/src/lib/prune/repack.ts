import { setImmediate as nextTurn } from "node:timers/promises";
import { type AbortOptions, isLifeboatError, type LifeboatError } from "@lifeboat/contracts";
import { concatBytes } from "@lifeboat/frames";
import { ID_BYTES, sameBytes } from "../bytes.ts";
import type { DedupSite } from "../dedup-site.ts";
import { chunkIds } from "../id.ts";
import { createIndexWriter } from "../index/writer.ts";
import type { PackContent, PackDirectory } from "../pack/layout.ts";
import { FRAME_BYTES, MAX_FRAME_BYTES, MAX_FRAME_CHUNKS } from "../pack/limits.ts";
import { type FinishedPack, PackBuilder, type PackFrame } from "../pack/pack-builder.ts";
import { packKey } from "../pack/pack-name.ts";
import { badPack, isDamage } from "../read/read-errors.ts";
import { chunkIdKey } from "../site-key.ts";
import { openFrameSource } from "./pack-frames-reader.ts";

/** A pack of which something is copied. */
export interface RepackSource {
  readonly id: string;
  readonly size: number;
  /** What the index tells of it, for where its own table can't be read. Default: then nothing of it is copied. */
  readonly directory?: PackDirectory | undefined;
  /**
   * Whether each chunk is compared with its id, where a frame is copied as it is too. Default: false; a frame that opens
   * is what its writer put there.
   */
  readonly isChecked?: boolean | undefined;
  /** Whether a chunk of it is to be copied; its id is at `at` in `ids`. */
  readonly wants: (ids: Uint8Array, at: number) => boolean;
  /** Called for a chunk that was to be copied and can't be read here: a later source may have it too. */
  readonly lost?: ((ids: Uint8Array, at: number) => void) | undefined;
}

/** What copying came to. */
export interface Repacked {
  /** Bytes of the new packs. */
  readonly copiedBytes: number;
  /** The new packs, all indexed. */
  readonly packs: readonly FinishedPack[];
  /** Packs of which something could not be read, with why. */
  readonly damaged: ReadonlyMap<string, LifeboatError>;
}

/** How copying goes. */
export interface RepackOptions extends AbortOptions {
  readonly targetBytes: number;
  /** Called after each pack that was copied from. */
  readonly onPack?: ((size: number) => void) | undefined;
  /** Called for each new pack that is in the storage. */
  readonly onWritten?: ((pack: FinishedPack) => void) | undefined;
}

/**
 * Copies chunks into new packs, and indexes those. A frame of which every chunk is wanted is copied as it is; of
 * others the wanted chunks are put into new frames. What can't be read is left out and told.
 */
export async function repack(
  site: DedupSite,
  sources: readonly RepackSource[],
  options: RepackOptions,
): Promise<Repacked> {
  const { signal } = options;
  const { storage } = site.context;
  const index = createIndexWriter(storage, site.tools, site.clock);
  const written: FinishedPack[] = [];
  const damaged = new Map<string, LifeboatError>();
  const idOf = chunkIds(chunkIdKey(site.key));
  const read = await openFrameSource(site);
  let copiedBytes = 0;

  async function finish(builder: PackBuilder, pieces: Uint8Array[]): Promise<void> {
    const end = builder.end();
    await storage.put(packKey(builder.id), concatBytes([...pieces, ...end.pieces]), { signal });
    copiedBytes += end.pack.size;
    written.push(end.pack);
    options.onWritten?.(end.pack);
    await index.add(end.pack, { signal });
  }

  const lines = { data: newLine("data"), lists: newLine("lists") };

  function newLine(content: PackContent) {
    return packLine(site, content, options.targetBytes, finish);
  }

  async function copyFrom({ id, size, directory: told, isChecked = false, wants, lost }: RepackSource): Promise<void> {
    const own = new Map<number, readonly number[]>();
    const wanted = (directory: PackDirectory) => {
      for (const [frame, chunks] of wantedChunks(directory, wants)) own.set(frame, chunks);
      return [...own.keys()];
    };
    for await (const { directory, frame, bytes } of read.frames({ id, size, directory: told }, wanted, { signal })) {
      const line = lines[directory.content];
      const chunks = own.get(frame) ?? [];
      const info = directory.frames[frame];
      if (info === undefined) continue;
      const first = firstChunk(directory, frame);
      const lose = (error: LifeboatError, numbers = chunks) => {
        damaged.set(id, error);
        for (const n of numbers) lost?.(directory.ids, (first + n) * ID_BYTES);
      };
      if (isLifeboatError(bytes)) {
        lose(bytes);
        continue;
      }
      const lengths = [...directory.lengths.subarray(first, first + info.chunks)];
      const ids = directory.ids.subarray(first * ID_BYTES, (first + info.chunks) * ID_BYTES);
      const whole = { codec: info.codec, bytes, lengths, ids };
      const isWhole = chunks.length === info.chunks;
      if (isWhole && !isChecked) {
        await line.frame(whole);
        continue;
      }
      const plain = read.expand(bytes, info.codec, info.expanded);
      if (isLifeboatError(plain)) {
        lose(plain);
        continue;
      }
      const right = chunks.filter((n) => {
        if (sameBytes(idOf(chunkOf(plain, lengths, n)), chunkIdOf(ids, n))) return true;
        lose(badPack(id, `a chunk of frame ${frame} is not what its id says`), [n]);
        return false;
      });
      if (isWhole && right.length === info.chunks) await line.frame(whole);
      else for (const n of right) await line.chunk(chunkOf(plain, lengths, n), chunkIdOf(ids, n));
      await nextTurn();
    }
  }

  for (const source of sources) {
    signal?.throwIfAborted();
    try {
      await copyFrom(source);
    } catch (error) {
      if (!isDamage(error)) throw error;
      damaged.set(source.id, error);
    }
    options.onPack?.(source.size);
  }
  await lines.data.end();
  await lines.lists.end();
  await index.flush({ signal });
  return { copiedBytes, packs: written, damaged };
}

/** The n-th chunk of a frame. */
function chunkOf(plain: Uint8Array, lengths: readonly number[], n: number): Uint8Array {
  const offset = lengths.slice(0, n).reduce((sum, length) => sum + length, 0);
  return plain.subarray(offset, offset + (lengths[n] ?? 0));
}

function chunkIdOf(ids: Uint8Array, n: number): Uint8Array {
  return ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES);
}

/** The wanted chunks of each frame that has any, by their numbers in the frame. */
function* wantedChunks(
  { frames, ids }: PackDirectory,
  wants: RepackSource["wants"],
): Generator<readonly [number, readonly number[]]> {
  let chunk = 0;
  for (const [frame, { chunks }] of frames.entries()) {
    const own: number[] = [];
    for (let n = 0; n < chunks; n++, chunk++) if (wants(ids, chunk * ID_BYTES)) own.push(n);
    if (own.length > 0) yield [frame, own];
  }
}

function firstChunk({ frames }: PackDirectory, frame: number): number {
  let first = 0;
  for (let n = 0; n < frame; n++) first += frames[n]?.chunks ?? 0;
  return first;
}

/** Gathers frames, and chunks in frames of their own, into packs of one kind. */
function packLine(
  { key, tools }: DedupSite,
  content: PackContent,
  targetBytes: number,
  finish: (builder: PackBuilder, pieces: Uint8Array[]) => Promise<void>,
) {
  let builder: PackBuilder | null = null;
  let pieces: Uint8Array[] = [];
  let chunks: { readonly bytes: Uint8Array; readonly id: Uint8Array }[] = [];
  let bytes = 0;

  async function frame(one: PackFrame): Promise<void> {
    if (builder !== null && !builder.takes(one.lengths.length)) await endPack();
    builder ??= new PackBuilder(key, content);
    pieces.push(...builder.add({ ...one, ids: one.ids.slice() }));
    if (builder.size >= targetBytes) await endPack();
  }

  async function endFrame(): Promise<void> {
    if (chunks.length === 0) return;
    const plain = concatBytes(chunks.map((each) => each.bytes));
    const lengths = chunks.map((each) => each.bytes.length);
    const ids = concatBytes(chunks.map((each) => each.id));
    chunks = [];
    bytes = 0;
    const packed = tools.zstd.tryCompress(plain)?.slice() ?? null; // ending a pack may compress its index
    if (packed === null || packed.length >= plain.length) await frame({ codec: "stored", bytes: plain, lengths, ids });
    else await frame({ codec: "zstd", bytes: packed, lengths, ids });
  }

  async function endPack(): Promise<void> {
    if (builder === null) return;
    const [whole, all] = [builder, pieces];
    builder = null;
    pieces = [];
    await finish(whole, all);
  }

  async function end(): Promise<void> {
    await endFrame();
    await endPack();
  }

  return {
    frame,
    async chunk(chunk: Uint8Array, id: Uint8Array): Promise<void> {
      if (bytes + chunk.length > MAX_FRAME_BYTES || chunks.length === MAX_FRAME_CHUNKS) await endFrame();
      chunks.push({ bytes: chunk.slice(), id: id.slice() });
      bytes += chunk.length;
      if (bytes >= FRAME_BYTES) await endFrame();
    },
    end,
  };
}
