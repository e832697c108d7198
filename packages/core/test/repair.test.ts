import { join } from "node:path";
import type { Storage } from "@lifeboat/contracts";
import { dedup } from "@lifeboat/dedup";
import { directory } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { beforeEach, describe, expect, it } from "vitest";
import { fill, folder, host, keys } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });
const words = (seed: string, count: number) => Array.from({ length: count }, (_, n) => `${seed}${n}`).join(" ");

let root: string;
let storage: Storage;

beforeEach(async () => {
  root = await folder({ a: words("a", 3000), "d/b": words("b", 3000), c: "c" });
  storage = memoryStorage();
});

const engineOf = () =>
  host({ storage, format: dedup(), sources: [directory("data", { path: root, threads: false })] }).engine;
const backup = () => engineOf().backup({ site: "local" });
const isWhole = async (id: string) => (await engineOf().verify({ site: "local", id, level: "content" })).ok;

/** Packs in the order in which they were put, those of later calls not among them. */
async function newPacks(work: () => PromiseLike<unknown>): Promise<string[]> {
  const before = new Set(await keys(storage, "packs/"));
  await work();
  return (await keys(storage, "packs/")).filter((key) => !before.has(key));
}

async function bytesOf(key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of storage.get(key)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("repairing a site", () => {
  it("that is whole changes nothing", async () => {
    await backup();
    const before = await keys(storage);
    const report = await engineOf().repair({ site: "local" });
    expect(report).toMatchObject({
      ok: true,
      badPacks: [],
      losses: [],
      backups: 1,
      damagedIndexes: 0,
      indexedPacks: 0,
    });
    expect(await keys(storage)).toEqual(before);
  });

  it("makes a lost or damaged index anew from the packs", async () => {
    for (const harm of ["delete", "damage"] as const) {
      storage = memoryStorage();
      const { id } = await backup();
      const [index] = await keys(storage, "index/");
      if (harm === "delete") await storage.delete([index!]);
      else await storage.put(index!, (await bytesOf(index!)).subarray(0, 100));
      expect(await isWhole(id)).toBe(false);
      const report = await engineOf().repair({ site: "local" });
      expect(report).toMatchObject({ ok: true, damagedIndexes: harm === "delete" ? 0 : 1, indexedPacks: 2 });
      expect(await isWhole(id)).toBe(true);
      expect(await engineOf().verify({ site: "local", id, level: "checksum" })).toMatchObject({ ok: true });
    }
  });

  it("names exactly the entries that a lost pack touches, and the next backup brings them back", async () => {
    for (const harm of ["delete", "cut", "flip"] as const) {
      storage = memoryStorage();
      await fill(root, { e: "e" });
      const first = await backup();
      await fill(root, { e: words("e", 3000) });
      const added = await newPacks(backup);
      const [second] = await engineOf().backups.list({ site: "local" });
      // Of the second backup's packs the one with content: lists are not looked for by entries.
      const sizes = await Promise.all(added.map(async (key) => ({ key, size: (await storage.stat(key))!.size })));
      const { key } = sizes.sort((a, b) => b.size - a.size)[0]!;
      const bytes = await bytesOf(key);
      if (harm === "delete") await storage.delete([key]);
      else if (harm === "cut") await storage.put(key, bytes.subarray(0, -1));
      else
        await storage.put(
          key,
          bytes.map((byte, at) => (at === 200 ? byte ^ 1 : byte)),
        );
      const report = await engineOf().repair({ site: "local" });
      expect(report.ok).toBe(false);
      expect(report.badPacks).toMatchObject([{ why: harm === "delete" ? "missing" : "damaged" }]);
      expect(report.losses.map(({ id, source, path }) => [id, source, path])).toEqual([[second!.id, "data", "e"]]);
      expect(await isWhole(first.id)).toBe(true);
      await backup();
      expect(await isWhole(second!.id)).toBe(true);
      await engineOf().prune({ site: "local" });
      expect(await keys(storage, "condemned/")).toEqual([]);
      expect(await engineOf().repair({ site: "local" })).toMatchObject({ ok: true, badPacks: [], backups: 3 });
      for (const { id } of await engineOf().backups.list({ site: "local" })) expect(await isWhole(id)).toBe(true);
    }
  });

  it("tells of marks that can't be read, and deletes them only where it is told to", async () => {
    await backup();
    const key = "condemned/2026-11-20T02-00-00.123Z-manual-7f3a.json";
    await storage.put(key, Buffer.from("?"));
    await expect(backup()).rejects.toThrow(coded("LOCKED"));
    await expect(engineOf().prune({ site: "local" })).rejects.toThrow(coded("LOCKED"));
    expect(await engineOf().repair({ site: "local" })).toMatchObject({ ok: false, unreadableMarks: 1 });
    expect(await engineOf().repair({ site: "local", deleteMarks: true })).toMatchObject({
      ok: true,
      unreadableMarks: 1,
    });
    await backup();
  });

  it("is for formats whose backups share something", async () => {
    const { engine } = host({ sources: [directory("data", { path: join(root, "d"), threads: false })] });
    await engine.backup({ site: "local" });
    await expect(engine.repair({ site: "local" })).rejects.toThrow(coded("UNSUPPORTED"));
  });
});
