import type { Repository, Storage, VerifyProblem } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { beforeAll, describe, expect, it } from "vitest";
import { dedup } from "../src/index.ts";
import { noise } from "./noise.ts";

const ID = "2026-11-20T02-00-00.123Z-manual-7f3a";
const format = dedup();
const FILES = new Map(
  [...Array(60).keys()].map((n) => [`file ${n}`, noise(n, n % 4 === 0 ? 3_000 : n % 4 === 1 ? 120_000 : 900_000)]),
);

function open(storage: Storage): Repository {
  return format.open({
    name: "test",
    siteId: "site-1",
    storage,
    secret: null,
    threads: 0,
    settings: format.settings?.(),
  });
}

async function* entries() {
  for (const [path, bytes] of FILES) {
    yield { path, type: "file" as const, mode: 0o644, mtimeMs: 0, size: bytes.length, open: () => once(bytes) };
  }
}

async function* once(bytes: Uint8Array) {
  yield bytes;
}

async function backUp(storage: Storage): Promise<void> {
  const repository = open(storage);
  const started = new Date(0);
  const app = { name: "test", version: "1" };
  const writer = await repository.begin({ id: ID, trigger: "manual", started, app, sources: ["data"] });
  const parts = [await writer.part({ source: "data", description: {} }, entries())];
  const facts = { id: ID, siteId: "site-1", format: "dedup", trigger: "manual", app, problems: [] } as const;
  await writer.commit({ ...facts, started, finished: started, parts });
}

async function bytesAt(storage: Storage, key: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of storage.get(key)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

async function problemsOf(storage: Storage, level: "presence" | "checksum" | "content"): Promise<VerifyProblem[]> {
  const problems: VerifyProblem[] = [];
  await open(storage).verify(ID, level, { onProblem: (problem) => problems.push(problem) });
  return problems;
}

const pathsOf = (problems: readonly VerifyProblem[]) =>
  [...new Set(problems.map(({ path }) => path).filter((path) => path !== undefined))].sort();

/** The entries that can't be read; the others are what was backed up. */
async function unreadable(storage: Storage): Promise<string[]> {
  const failed: string[] = [];
  const found: string[] = [];
  for await (const entry of open(storage).read(ID, "data")) {
    found.push(entry.path);
    try {
      const pieces: Uint8Array[] = [];
      for await (const piece of entry.open()) pieces.push(piece);
      expect(Buffer.compare(Buffer.concat(pieces), FILES.get(entry.path) ?? Buffer.of()), entry.path).toBe(0);
    } catch (error) {
      expect((error as { code: string }).code).toMatch(/^(CORRUPT|NOT_FOUND)$/);
      failed.push(entry.path);
    }
  }
  expect(found).toEqual([...FILES.keys()]);
  return failed.sort();
}

describe("A damaged site", () => {
  let storage: Storage;
  let packs: string[];
  let lists: string[];

  beforeAll(async () => {
    storage = memoryStorage();
    await backUp(storage);
    const keys: { key: string; size: number }[] = [];
    for await (const info of storage.list("packs/")) keys.push(info);
    packs = keys.filter(({ size }) => size > 100_000).map(({ key }) => key);
    lists = keys.filter(({ size }) => size <= 100_000).map(({ key }) => key);
    expect([packs.length, lists.length]).toEqual([2, 1]);
    for (const level of ["presence", "checksum", "content"] as const)
      expect(await problemsOf(storage, level)).toEqual([]);
    expect(await unreadable(storage)).toEqual([]);
  });

  /** Spoils an object, looks, and mends it again. */
  async function spoil<T>(
    key: string,
    change: (bytes: Buffer) => Uint8Array | null,
    look: () => Promise<T>,
  ): Promise<T> {
    const bytes = await bytesAt(storage, key);
    const wrong = change(Buffer.from(bytes));
    if (wrong === null) await storage.delete([key]);
    else await storage.put(key, wrong);
    try {
      return await look();
    } finally {
      await storage.put(key, bytes);
    }
  }
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    return bytes;
  };

  it("names exactly the entries of a pack that is missing, at every level, and restores the others", async () => {
    for (const key of packs) {
      await spoil(
        key,
        () => null,
        async () => {
          const lost = await unreadable(storage);
          expect(lost.length).toBeGreaterThan(5);
          expect(lost.length).toBeLessThan(FILES.size);
          for (const level of ["presence", "checksum", "content"] as const) {
            const problems = await problemsOf(storage, level);
            expect(pathsOf(problems), level).toEqual(lost);
            expect(new Set(problems.map(({ code, source }) => `${code} ${source}`))).toEqual(
              new Set(["NOT_FOUND data"]),
            );
          }
        },
      );
    }
  });

  it("names exactly the entries of a frame that is damaged, and restores the others", async () => {
    for (const key of packs) {
      const { length } = await bytesAt(storage, key);
      for (const at of [200, Math.floor(length / 2)]) {
        await spoil(key, flip(at), async () => {
          const lost = await unreadable(storage);
          expect(lost.length, `${at}`).toBeGreaterThan(0);
          expect(lost.length, `${at}`).toBeLessThan(8);
          for (const level of ["checksum", "content"] as const) {
            const problems = await problemsOf(storage, level);
            expect(pathsOf(problems), `${level} ${at}`).toEqual(lost);
            expect(problems.filter(({ path }) => path === undefined)).toMatchObject([{ code: "CORRUPT" }]); // the pack
          }
          expect(await problemsOf(storage, "presence")).toEqual([]);
        });
      }
    }
  });

  it("names no entry where only a pack's own table is damaged, for the index tells the same", async () => {
    for (const key of packs) {
      const { length } = await bytesAt(storage, key);
      await spoil(key, flip(length - 30), async () => {
        expect(await unreadable(storage)).toEqual([]);
        for (const level of ["checksum", "content"] as const) {
          const problems = await problemsOf(storage, level);
          expect(problems).toMatchObject([{ code: "CORRUPT", message: expect.stringContaining(key) }]);
          expect(pathsOf(problems)).toEqual([]);
        }
      });
    }
  });

  it("names all entries of a pack that was cut off or grew, by its size alone", async () => {
    for (const key of packs) {
      const lost = await spoil(
        key,
        () => null,
        () => unreadable(storage),
      );
      for (const change of [
        (bytes: Buffer) => bytes.subarray(0, -1),
        (bytes: Buffer) => Buffer.concat([bytes, bytes]),
      ]) {
        await spoil(key, change, async () => {
          const problems = await problemsOf(storage, "presence");
          expect(pathsOf(problems)).toEqual(lost);
          expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(["CORRUPT"]));
        });
      }
    }
  });

  it("names the source whose list is damaged or missing", async () => {
    for (const key of lists) {
      for (const change of [() => null, flip(150)]) {
        await spoil(key, change, async () => {
          const problems = await problemsOf(storage, "content");
          expect(problems.length).toBeGreaterThan(0);
          expect(problems.some(({ source }) => source === "data")).toBe(true);
          await expect(open(storage).entries(ID, "data")[Symbol.asyncIterator]().next()).rejects.toMatchObject({
            code: expect.stringMatching(/^(CORRUPT|NOT_FOUND)$/),
          });
        });
      }
    }
  });

  it("tells of an index object that is damaged or missing, and heals with the object", async () => {
    const keys: string[] = [];
    for await (const { key } of storage.list("index/")) keys.push(key);
    expect(keys.length).toBeGreaterThan(0);
    for (const key of keys) {
      for (const change of [() => null, flip(120), (bytes: Buffer) => bytes.subarray(0, 50)]) {
        await spoil(key, change, async () => {
          for (const level of ["presence", "checksum", "content"] as const)
            expect((await problemsOf(storage, level)).length, level).toBeGreaterThan(0);
        });
      }
    }
    expect(await problemsOf(storage, "content")).toEqual([]);
  });

  it("tells of nothing where an index object of long ago names packs that are gone", async () => {
    const [key] = packs;
    if (key === undefined) throw new Error("There is no pack.");
    const other = memoryStorage();
    await backUp(other);
    for await (const { key: index } of other.list("index/")) await storage.put(index, await bytesAt(other, index));
    for (const level of ["presence", "checksum", "content"] as const)
      expect(await problemsOf(storage, level)).toEqual([]);
    expect(await unreadable(storage)).toEqual([]);
  });

  it("is whole where a second copy of what is damaged is in another pack", async () => {
    const other = memoryStorage();
    await backUp(other);
    for await (const { key } of other.list("packs/")) await storage.put(key, await bytesAt(other, key));
    for await (const { key } of other.list("index/")) await storage.put(key, await bytesAt(other, key));
    for (const key of [...packs, ...lists]) {
      for (const change of [() => null, flip(200), flip(5000)]) {
        await spoil(key, change, async () => {
          expect(await unreadable(storage)).toEqual([]);
          expect(pathsOf(await problemsOf(storage, "content"))).toEqual([]);
        });
      }
    }
  });
});
