import {
  cp,
  type FileHandle,
  mkdtemp,
  open as openHandle,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Repository, RestoredEntry, Storage } from "@lifeboat/contracts";
import { localStorage } from "@lifeboat/storage-local";
import { all } from "@lifeboat/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { dedup } from "../src/index.ts";
import { noise } from "./noise.ts";

const MIB = 1024 * 1024;
const ID = "2026-11-20T02-00-00.123Z-manual-7f3a";
const format = dedup();

const repeated = noise(3, MIB);
const LARGE = Buffer.concat([
  noise(1, 3 * MIB + 17),
  Buffer.alloc(6 * MIB), // a hole
  repeated,
  noise(2, 700_001),
  repeated,
  Buffer.alloc(5000),
]);
const FILES = new Map<string, Buffer>([
  ["before", noise(4, 5000)],
  ["large", LARGE],
  ["after", noise(5, 2 * MIB)],
]);

let base = "";
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "lifeboat-dedup-files-"));
  storage = localStorage({ path: base });
  await backUp();
});
afterAll(() => rm(base, { recursive: true, force: true }));

let root = "";
let storage: Storage;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "lifeboat-dedup-files-"));
  await cp(base, join(root, "site"), { recursive: true });
  storage = localStorage({ path: join(root, "site") });
});
afterEach(async () => {
  await storage[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

function repository(threads = 2): Repository {
  const settings = format.settings?.();
  return format.open({ name: "test", siteId: "site-1", storage, secret: null, threads, settings });
}

async function backUp(): Promise<void> {
  async function* entries() {
    for (const [path, bytes] of FILES) {
      const open = async function* () {
        yield bytes;
      };
      yield { path, type: "file" as const, mode: 0o644, mtimeMs: 0, size: bytes.length, open };
    }
  }
  const started = new Date(0);
  const app = { name: "test", version: "1" };
  const writer = await repository().begin({ id: ID, trigger: "manual", started, app, sources: ["data"] });
  const parts = [await writer.part({ source: "data", description: {} }, entries())];
  const facts = { id: ID, siteId: "site-1", format: "dedup", trigger: "manual", app, problems: [] } as const;
  await writer.commit({ ...facts, started, finished: started, parts });
}

/** Calls back with each entry in turn. */
async function reading(visit: (entry: RestoredEntry) => Promise<void>, threads?: number): Promise<void> {
  for await (const entry of repository(threads).read(ID, "data")) await visit(entry);
}

async function withFile<T>(use: (file: FileHandle, path: string) => Promise<T>): Promise<T> {
  const path = join(root, "out");
  const file = await openHandle(path, "w");
  try {
    return await use(file, path);
  } finally {
    await file.close();
  }
}

async function bytesOf(entry: RestoredEntry): Promise<Buffer> {
  return Buffer.concat(await all(entry.open()));
}

describe("a large file on its way out of packs that are files", () => {
  it.each([0, 1, 2])(
    "is written by %i threads where it goes, its zeros left out, and others read beside it",
    async (threads) => {
      const seen: string[] = [];
      await reading(async (entry) => {
        const { path, size } = entry;
        seen.push(path);
        if (path !== "large") return expect((await bytesOf(entry)).equals(FILES.get(path) ?? Buffer.of())).toBe(true);
        await withFile(async (file, at) => {
          await entry.writeTo?.({ fd: file.fd });
          await file.truncate(size);
          expect((await readFile(at)).equals(LARGE)).toBe(true);
          expect(512 * (await stat(at)).blocks).toBeLessThan(LARGE.length - 4 * MIB);
        });
      }, threads);
      expect(seen).toEqual([...FILES.keys()]);
    },
  );

  it("can be read as any other, also in part", async () => {
    await reading(async (entry) => {
      if (entry.path === "large") {
        for await (const piece of entry.open()) {
          expect(Buffer.compare(piece, LARGE.subarray(0, piece.length))).toBe(0);
          break;
        }
      } else expect((await bytesOf(entry)).equals(FILES.get(entry.path) ?? Buffer.of())).toBe(true);
    });
    await reading(async (entry) => {
      expect((await bytesOf(entry)).equals(FILES.get(entry.path) ?? Buffer.of())).toBe(true);
    });
  });

  it("is taken once, and not after the next entry", async () => {
    let large: RestoredEntry | undefined;
    await reading(async (entry) => {
      if (entry.path === "large") large = entry;
      if (entry.path !== "after") return;
      await expect(large?.writeTo?.({ fd: -1 })).rejects.toMatchObject({ code: "INVALID", key: "large" });
    });
    await reading(async (entry) => {
      if (entry.path !== "large") return;
      await withFile(async ({ fd }) => {
        await entry.writeTo?.({ fd });
        await expect(entry.writeTo?.({ fd })).rejects.toMatchObject({ code: "INVALID", key: "large" });
        await expect(bytesOf(entry)).rejects.toMatchObject({ code: "INVALID", key: "large" });
      });
    });
  });

  it("tells that the disk is full as the system does", async () => {
    const full = await openHandle("/dev/full", "w");
    try {
      await reading(async (entry) => {
        if (entry.path === "large")
          await expect(entry.writeTo?.({ fd: full.fd })).rejects.toMatchObject({ code: "ENOSPC" });
      });
    } finally {
      await full.close();
    }
  });

  it("is left off once it is aborted, and nothing writes afterwards", async () => {
    const abort = new AbortController();
    await reading(async (entry) => {
      if (entry.path !== "large") return;
      await withFile(async ({ fd }, at) => {
        abort.abort(new Error("enough"));
        await expect(entry.writeTo?.({ fd }, { signal: abort.signal })).rejects.toThrow("enough");
        expect((await stat(at)).size).toBe(0);
      });
    });
  });
});

describe("where a pack has suffered", () => {
  const packs = async () => (await all(storage.list("packs/"))).map(({ key }) => join(root, "site", key));

  async function outcome(): Promise<unknown> {
    let error: unknown;
    await reading(async (entry) => {
      if (entry.path !== "large") return;
      await withFile(async ({ fd }) => {
        error = await entry.writeTo?.({ fd }).catch((thrown: unknown) => thrown);
      });
    });
    return error;
  }

  it("a large file is refused where a bit has turned", async () => {
    const sizes = await Promise.all((await packs()).map(async (path) => ({ path, size: (await stat(path)).size })));
    const [{ path } = { path: "" }] = sizes.sort((a, b) => b.size - a.size); // the others hold lists
    const bytes = await readFile(path);
    const middle = bytes.length >> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(await outcome()).toMatchObject({ code: "CORRUPT", message: expect.stringContaining("does not open") });
  });

  it("and where the end is missing, or all of it", async () => {
    const paths = await packs();
    for (const path of paths) await truncate(path, (await stat(path)).size >> 1);
    await expect(outcome()).rejects.toMatchObject({ code: expect.stringMatching(/CORRUPT|NOT_FOUND/) });
    for (const path of paths) await rm(path);
    await expect(outcome()).rejects.toMatchObject({ code: expect.stringMatching(/CORRUPT|NOT_FOUND/) });
  });
});
