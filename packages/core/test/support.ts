import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { archive } from "@lifeboat/archive";
import type { AppInfo, Clock, Format, Source, SourceEntry, Storage } from "@lifeboat/contracts";
import { rawKey, type SiteKeyOption } from "@lifeboat/crypto";
import { directory } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { afterEach } from "vitest";
import { createBackupEngine } from "../src/index.ts";

/** A key without a slow derivation. */
export const KEY = rawKey(new Uint8Array(32).fill(7));
export const APP: AppInfo = { name: "nvr", version: "1.9.0" };

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Runs after the test. */
export function later(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

/** A directory that is gone after the test, with these files in it. */
export async function folder(files: Readonly<Record<string, string>> = {}): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), "lifeboat-core-"));
  later(() => rm(root, { recursive: true, force: true }));
  await fill(root, files);
  return root;
}

export async function fill(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
}

/** Every file beneath a directory, with its content; directories end in a slash. */
export async function tree(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const path of (await readdir(root, { recursive: true })).sort()) {
    if ((await stat(join(root, path))).isDirectory()) found[`${path}/`] = "";
    else found[path] = await readFile(join(root, path), "utf8");
  }
  return found;
}

/** A source whose files are given as texts, and which keeps what is restored. */
export function texts(id: string, files: Readonly<Record<string, string>>, more: Partial<Source> = {}) {
  const restored: Record<string, string> = {};
  const source: Source = {
    id,
    async *entries() {
      for (const [path, content] of Object.entries(files)) yield textEntry(path, content);
    },
    async restore(_context, entries) {
      for await (const entry of entries) {
        const pieces: Uint8Array[] = [];
        for await (const piece of entry.open()) pieces.push(piece);
        restored[entry.path] = Buffer.concat(pieces).toString();
      }
    },
    ...more,
  };
  return Object.assign(source, { restored });
}

export function textEntry(path: string, content: string): SourceEntry {
  return {
    path,
    type: "file",
    size: Buffer.byteLength(content),
    mode: 0o644,
    mtimeMs: 1_700_000_000_000,
    async *open() {
      yield Buffer.from(content);
    },
  };
}

export interface HostOptions {
  readonly storage?: Storage;
  readonly sources?: readonly Source[];
  readonly key?: SiteKeyOption;
  readonly app?: AppInfo;
  readonly format?: Format;
  readonly clock?: Clock;
}

/** An engine with one site, "local"; it is closed after the test, its storage is left open. */
export function host(options: HostOptions = {}) {
  const { storage = memoryStorage(), sources = [], key = KEY, app = APP, format = archive(), clock } = options;
  const kept: Storage = { ...storage, [Symbol.asyncDispose]: async () => {} };
  const engine = createBackupEngine({
    app,
    sources,
    sites: { local: { storage: kept, format, key } },
    threads: 0,
    clock,
    unregistered: (id, path) => directory(id, { path, threads: false }),
  });
  later(() => engine.close());
  return { engine, storage };
}

export async function keys(storage: Storage, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list(prefix)) found.push(key);
  return found.sort();
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A promise and what settles it. */
export function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
