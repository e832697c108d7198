import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Clock,
  type Manifest,
  type PartOptions,
  type Repository,
  type SiteContext,
  type SourceEntry,
  type Storage,
  systemClock,
} from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { onTestFinished } from "vitest";
import { type DedupOptions, dedup } from "../src/index.ts";
import { KEY } from "./support.ts";

/** A site in memory. */
export interface TestSite {
  readonly storage: Storage;
  readonly context: SiteContext;
  readonly repository: Repository;
}

/** Opens a site, encrypted, by default in a new storage. */
export function testSite(
  {
    storage = memoryStorage(),
    threads = 0,
    clock = systemClock,
  }: { storage?: Storage; threads?: number; clock?: Clock } = {},
  options: DedupOptions = {},
): TestSite {
  const format = dedup(options);
  const secret = { key: KEY.siteKey, suite: KEY.suite, keyBlock: new Uint8Array(0) };
  const settings = format.settings?.();
  const context: SiteContext = { name: "test", siteId: "site-1", storage, secret, threads, clock, settings };
  return { storage, context, repository: format.open(context) };
}

/** A clock by which no file has changed just now. */
export const later: Clock = { ...systemClock, now: () => Date.now() + 60_000 };

/** The id of the n-th backup. */
export const idOf = (n: number) => `2026-11-${String(10 + n)}T02-00-00.123Z-manual-7f3a`;

/** Makes a whole backup of one source. */
export async function backUp(
  { repository }: Pick<TestSite, "repository">,
  n: number,
  entries: readonly SourceEntry[],
  options: PartOptions = {},
): Promise<Manifest> {
  const id = idOf(n);
  const start = {
    id,
    trigger: "manual",
    started: new Date(Date.UTC(2026, 10, 10 + n)),
    app: { name: "t", version: "1" },
  } as const;
  const writer = await repository.begin({ ...start, sources: ["data"] }, options);
  const source = (async function* () {
    yield* entries;
  })();
  try {
    const part = await writer.part({ source: "data", description: {} }, source, options);
    const manifest: Manifest = {
      ...start,
      siteId: "site-1",
      format: "dedup",
      finished: start.started,
      parts: [part],
      problems: [],
    };
    await writer.commit(manifest);
    return manifest;
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** A folder that goes when the test ends. */
export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "lifeboat-dedup-"));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes a file and answers its entry. */
export async function fileIn(root: string, name: string, bytes: Uint8Array): Promise<SourceEntry> {
  const path = join(root, name);
  await writeFile(path, bytes);
  return entryOfFile(root, name);
}

/** The entry of a file as it is now. */
export async function entryOfFile(root: string, name: string): Promise<SourceEntry> {
  const path = join(root, name);
  const { size, mode, mtimeMs, ctimeMs, dev, ino } = await stat(path);
  return { path: name, type: "file", size, mode: mode & 0o7777, mtimeMs, local: { path, dev, ino, ctimeMs } };
}

/** Each entry's content by its path. */
export async function contents({ repository }: Pick<TestSite, "repository">, n: number): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for await (const entry of repository.read(idOf(n), "data")) {
    const pieces: Uint8Array[] = [];
    if (entry.type === "file")
      for await (const piece of entry.open({ reuse: true })) pieces.push(Uint8Array.from(piece));
    found.set(entry.path, Buffer.concat(pieces));
  }
  return found;
}

/** The keys below a prefix. */
export async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys.sort();
}
