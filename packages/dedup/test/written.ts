import type { EntryInfo, PartInfo, Storage } from "@lifeboat/contracts";
import { openCodec, setupCodec } from "@lifeboat/frames";
import { memoryStorage } from "@lifeboat/storage-memory";
import { chunkIds } from "../src/lib/id.ts";
import { listPacks } from "../src/lib/index/load.ts";
import { SiteIndex } from "../src/lib/index/site-index.ts";
import { createBlockCut } from "../src/lib/list/block-cut.ts";
import { BlockEncoder } from "../src/lib/list/encode-block.ts";
import { BodyBuilder } from "../src/lib/list/references.ts";
import type { Body } from "../src/lib/list/refs.ts";
import type { ListRow } from "../src/lib/list/row.ts";
import type { FrameCodec, PackContent } from "../src/lib/pack/layout.ts";
import { type FinishedPack, PackBuilder } from "../src/lib/pack/pack-builder.ts";
import { packKey } from "../src/lib/pack/pack-name.ts";
import type { ChunkLocator, ChunkMap } from "../src/lib/read/chunk-map.ts";
import { chunkIdKey } from "../src/lib/site-key.ts";
import { KEY } from "./support.ts";

/** An entry with its content. */
export interface Given extends Partial<EntryInfo> {
  readonly path: string;
  readonly bytes?: Uint8Array;
}

export interface WriteOptions {
  readonly chunkBytes?: number;
  readonly frameBytes?: number;
  readonly packBytes?: number;
  readonly codec?: FrameCodec;
}

const idOf = chunkIds(chunkIdKey(KEY));

/** Writes packs and a list without the writer: what the reader is to read. */
export class WrittenSite {
  readonly storage: Storage = memoryStorage();
  readonly packs: FinishedPack[] = [];
  readonly #options: Required<WriteOptions>;

  constructor(options: WriteOptions = {}) {
    this.#options = { chunkBytes: 1000, frameBytes: 10_000, packBytes: 100_000, codec: "zstd", ...options };
  }

  /** Puts the chunks into packs, each of them whatever was put before. */
  async putChunks(content: PackContent, chunks: readonly Uint8Array[]): Promise<readonly FinishedPack[]> {
    const { frameBytes, packBytes, codec: name } = this.#options;
    const codec = await openCodec(await setupCodec(name === "gzip" ? "gzip" : "zstd", 1));
    const made: FinishedPack[] = [];
    let builder: PackBuilder | null = null;
    let pieces: Uint8Array[] = [];
    const finish = async () => {
      if (builder === null) return;
      const end = builder.end();
      await this.storage.put(packKey(builder.id), Buffer.concat([...pieces, ...end.pieces]));
      made.push(end.pack);
      builder = null;
      pieces = [];
    };
    for (const frame of grouped(chunks, frameBytes)) {
      builder ??= new PackBuilder(KEY, content);
      const plain = Buffer.concat(frame);
      const bytes = name === "stored" ? plain : codec.compress(plain).slice();
      const ids = Buffer.concat(frame.map((chunk) => idOf(chunk)));
      for (const piece of builder.add({ codec: name, bytes, lengths: frame.map(({ length }) => length), ids })) {
        pieces.push(Uint8Array.from(piece));
      }
      if (builder.size >= packBytes) await finish();
    }
    await finish();
    this.packs.push(...made);
    return made;
  }

  /** Writes a list and its content; answers what a manifest would say of it. */
  async putPart(
    given: readonly Given[],
  ): Promise<{ readonly part: Pick<PartInfo, "source" | "counts" | "size">; readonly root: Body }> {
    const lists: Uint8Array[] = [];
    const store = async (chunk: Uint8Array) => {
      lists.push(Uint8Array.from(chunk));
      return idOf(chunk);
    };
    const counts = { files: 0, directories: 0, links: 0 };
    let size = 0;
    const data: Uint8Array[] = [];
    const list = new BodyBuilder(store);
    const encoder = new BlockEncoder();
    const cut = createBlockCut(new Uint32Array(256));
    const flush = async () => {
      const block = Uint8Array.from(encoder.take());
      await list.add(block.length, await store(block));
    };
    for (const { bytes = new Uint8Array(0), ...facts } of given) {
      const body = new BodyBuilder(store);
      for (let at = 0; at < bytes.length; at += this.#options.chunkBytes) {
        const chunk = bytes.subarray(at, at + this.#options.chunkBytes);
        data.push(chunk);
        await body.add(chunk.length, idOf(chunk));
      }
      const row: ListRow = { ...ROW, ...facts, size: bytes.length, body: await body.end() };
      if (row.type === "file") counts.files += 1;
      else if (row.type === "directory") counts.directories += 1;
      else counts.links += 1;
      size += bytes.length;
      const { path, weight } = encoder.add(row);
      if (cut.endsAfter(path, weight)) await flush();
    }
    if (encoder.rows > 0) await flush();
    await this.putChunks("data", distinct(data));
    const root = await list.end();
    await this.putChunks("lists", distinct(lists));
    return { part: { source: "data", counts, size }, root };
  }

  /** Finds chunks in all packs that were written, the first copy first. */
  locator(asked: { fresh?: number } = {}): ChunkLocator {
    const without = (packs: ReadonlySet<string>) => {
      const index = new SiteIndex();
      for (const pack of [...this.packs].reverse()) if (!packs.has(pack.id)) index.add(pack);
      return index;
    };
    const { storage, packs: all } = this;
    let first: ChunkMap | undefined;
    return {
      async map() {
        first ??= without(new Set());
        return first;
      },
      async fresh(packs) {
        asked.fresh = (asked.fresh ?? 0) + 1;
        const listed = await listPacks(storage);
        return without(new Set([...packs, ...all.map(({ id }) => id).filter((id) => !listed.has(id))]));
      },
    };
  }
}

const ROW: Omit<ListRow, "path"> = {
  type: "file",
  size: 0,
  mode: 0o644,
  mtimeMs: 1,
  ctimeMs: Number.NaN,
  inode: 0,
  uid: undefined,
  gid: undefined,
  user: undefined,
  group: undefined,
  section: undefined,
  target: undefined,
  body: { depth: 0, refs: { count: 0, lengths: [], ids: new Uint8Array(0) } },
};

function* grouped(chunks: readonly Uint8Array[], bytes: number): Generator<Uint8Array[]> {
  let group: Uint8Array[] = [];
  let size = 0;
  for (const chunk of chunks) {
    group.push(chunk);
    size += chunk.length;
    if (size < bytes) continue;
    yield group;
    group = [];
    size = 0;
  }
  if (group.length > 0) yield group;
}

function distinct(chunks: readonly Uint8Array[]): Uint8Array[] {
  return [...new Map(chunks.map((chunk) => [Buffer.from(idOf(chunk)).toString("hex"), chunk])).values()];
}
