import { randomBytes } from "node:crypto";
import type {
  Format,
  Manifest,
  PartInfo,
  PartOptions,
  Repository,
  SiteContext,
  SourceEntry,
  Storage,
} from "@lifeboat/contracts";
import { createSiteKey } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";

export const ID = "2026-11-20T02-00-00.123Z-manual-7f3a";
export const STARTED = new Date("2026-11-20T02:00:00.123Z");
export const APP = { name: "nvr", version: "1.9.0" };

export interface SiteOptions {
  readonly storage?: Storage;
  readonly sealed?: boolean;
  readonly threads?: number;
}

export function site({ storage = memoryStorage(), sealed = true, threads = 2 }: SiteOptions = {}): SiteContext {
  const secret = sealed ? { key: createSiteKey(), suite: 1 as const, keyBlock: new Uint8Array(0) } : null;
  return { name: "test", siteId: "site-1", storage, secret, threads };
}

export interface Written {
  readonly site: SiteContext;
  readonly repository: Repository;
  readonly manifest: Manifest;
  readonly part: PartInfo;
}

/** Backs up one source's entries as one backup. */
export async function backUp(
  format: Format,
  context: SiteContext,
  entries: AsyncIterable<SourceEntry> | readonly SourceEntry[],
  options: PartOptions = {},
  id = ID,
): Promise<Written> {
  const repository = format.open(context);
  const start = { id, trigger: "manual", started: STARTED, app: APP, sources: ["data"] } as const;
  const writer = await repository.begin(start);
  const list = Symbol.asyncIterator in entries ? entries : each(entries);
  const part = await writer.part({ source: "data", title: "Data", description: { camera: "north" } }, list, options);
  const manifest: Manifest = {
    id,
    siteId: context.siteId,
    format: "archive",
    trigger: "manual",
    started: STARTED,
    finished: new Date(STARTED.getTime() + 1000),
    app: APP,
    parts: [part],
    problems: [],
  };
  await writer.commit(manifest);
  return { site: context, repository, manifest, part };
}

export async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat((await all(stream)).map((piece) => piece.slice()));
}

/** An entry whose content comes from a stream, in pieces of `pieceBytes`. */
export function file(
  path: string,
  content: Uint8Array,
  extra: Partial<SourceEntry> & { pieceBytes?: number } = {},
): SourceEntry {
  const { pieceBytes = 64 * 1024, ...rest } = extra;
  return {
    path,
    type: "file",
    size: content.length,
    mode: 0o644,
    mtimeMs: 1_700_000_000_123,
    async *open() {
      for (let at = 0; at < content.length; at += pieceBytes) yield content.slice(at, at + pieceBytes);
    },
    ...rest,
  };
}

/** Half noise, half repetition: content as compressible as most. */
export function semiRandom(length: number): Buffer {
  const bytes = Buffer.alloc(length, "lifeboat ");
  for (let at = 0; at < length; at += 512) randomBytes(Math.min(256, length - at)).copy(bytes, at);
  return bytes;
}
