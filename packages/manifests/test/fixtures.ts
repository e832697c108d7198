import type { Manifest, SiteContext, Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";

export const ID = "2026-11-20T02-00-00.123Z-manual-7f3a";
export const OTHER_ID = "2026-11-21T02-00-00.123Z-scheduled-00ff";

/** SHA-256 of "hello\n" and of nothing, as sha256sum prints them. */
export const HELLO = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
export const NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

export function site(
  options: { encrypted?: boolean; storage?: Storage; key?: number; threads?: number } = {},
): SiteContext {
  const { encrypted = true, storage = memoryStorage(), key = 7, threads = 0 } = options;
  return {
    name: "local",
    siteId: "0123456789abcdef0123456789abcdef",
    storage,
    secret: encrypted ? { key: new Uint8Array(32).fill(key), suite: 1, keyBlock: new Uint8Array(0) } : null,
    threads,
  };
}

export function manifest(changes: Partial<Manifest> = {}): Manifest {
  return {
    id: ID,
    siteId: "0123456789abcdef0123456789abcdef",
    format: "archive",
    trigger: "manual",
    started: new Date("2026-11-20T02:00:00.123Z"),
    finished: new Date("2026-11-20T02:00:09.000Z"),
    app: { name: "nvr", version: "1.9.0" },
    parts: [
      {
        source: "settings",
        title: "Settings of the nursery camera",
        version: "3",
        description: { model: "IMX477", nested: { list: [1, null, true] } },
        sections: ["modules"],
        folders: ["2026-11-19"],
        scope: { filter: { exclude: ["*.tmp"] } },
        counts: { files: 2, directories: 1, links: 0 },
        size: 6,
        storedSize: 6,
        objects: [
          { name: "settings.tar.zst.sealed", size: 6, sha256: HELLO },
          { name: "more/settings.index", size: 0, sha256: NOTHING },
        ],
        problemCount: 1,
      },
    ],
    problems: [{ source: "settings", path: "secret/diary\udcff.txt", code: "changed", message: "It changed." }],
    ...changes,
  };
}

export async function text(storage: Storage, key: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of storage.get(key)) pieces.push(piece);
  return Buffer.concat(pieces).toString("utf8");
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
