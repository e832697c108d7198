import { expect } from "vitest";
import { all, bytesOf } from "../helpers.ts";
import { keysOf, type StorageHarness } from "./harness.ts";

const TOGETHER = 32;

/** That a listing shows what is there, and nothing else. */
export function listing({ test, options, scaled }: StorageHarness): void {
  test("an empty storage lists nothing, and nothing is at any key", async ({ storage }) => {
    expect(await keysOf(storage)).toEqual([]);
    expect(await keysOf(storage, "backups/")).toEqual([]);
    expect(await storage.stat("a")).toBeNull();
    expect(await storage.stat("a/b/c")).toBeNull();
  });

  test("a listing has each object's key, size and time", async ({ storage }) => {
    await storage.put("a/b", bytesOf(10));
    await storage.put("c", bytesOf(20));
    const found = await all(storage.list(""));
    expect(found.map(({ key, size }) => `${key} ${size}`).sort()).toEqual(["a/b 10", "c 20"]);
    for (const { key, modified } of found) {
      const stated = await storage.stat(key);
      expect(Math.abs(modified.getTime() - (stated?.modified.getTime() ?? 0))).toBeLessThanOrEqual(1000);
    }
  });

  test("a prefix need not end at a folder, and is no pattern", async ({ storage }) => {
    const keys = ["abc/1", "abc/2/3", "abd", "ab.d", "b/abc", "*/x", "a%/x"];
    for (const key of keys) await storage.put(key, bytesOf(1));
    for (const prefix of ["", "a", "ab", "abc", "abc/", "abc/2", "abc/2/3", "abc/2/3/", "b/a", "*", "a%", "a*", "z"]) {
      const expected = keys.filter((key) => key.startsWith(prefix)).sort();
      expect(await keysOf(storage, prefix), JSON.stringify(prefix)).toEqual(expected);
    }
  });

  test("a prefix that no key can begin with lists nothing", async ({ storage }) => {
    await storage.put("a/b", bytesOf(1));
    for (const prefix of ["/", "/a", "../", "a//", "./a", "a/../", "\\"]) {
      expect(await keysOf(storage, prefix), JSON.stringify(prefix)).toEqual([]);
    }
  });

  test("what was deleted is not listed, what was put again is", async ({ storage }) => {
    await storage.put("a/b", bytesOf(1));
    await storage.put("a/c", bytesOf(1));
    await storage.delete(["a/b"]);
    expect(await keysOf(storage)).toEqual(["a/c"]);
    await storage.put("a/b", bytesOf(7));
    expect(await keysOf(storage)).toEqual(["a/b", "a/c"]);
  });

  test("more keys than a page holds are all listed, each once, and deleted together", async ({ storage }) => {
    const count = options.manyKeys ?? 2100;
    const keys = Array.from({ length: count }, (_, index) => `many/${index % 7}/${index}`);
    for (let at = 0; at < count; at += TOGETHER) {
      await Promise.all(keys.slice(at, at + TOGETHER).map((key) => storage.put(key, Buffer.from(key))));
    }
    expect(await keysOf(storage)).toEqual([...keys].sort());
    expect((await keysOf(storage, "many/3/")).length).toBe(keys.filter((key) => key.startsWith("many/3/")).length);
    await storage.delete(keys.slice(1));
    expect(await keysOf(storage)).toEqual(keys.slice(0, 1));
  });

  test("deleting what a listing shows, while it goes on, leaves nothing out", async ({ storage }) => {
    const keys = Array.from({ length: scaled(120, 20) }, (_, index) => `a/${index % 5}/${index}`);
    for (const key of keys) await storage.put(key, bytesOf(1));
    await storage.put("b", bytesOf(1));
    const shown: string[] = [];
    for await (const { key } of storage.list("a/")) {
      shown.push(key);
      await storage.delete([key]);
    }
    expect(shown.sort()).toEqual(keys.toSorted());
    expect(await keysOf(storage)).toEqual(["b"]);
  });

  test("two listings beside each other do not mix", async ({ storage }) => {
    const keys = Array.from({ length: 40 }, (_, index) => `${index % 2 === 0 ? "even" : "odd"}/${index}`);
    for (const key of keys) await storage.put(key, bytesOf(1));
    const [even, odd] = await Promise.all([keysOf(storage, "even/"), keysOf(storage, "odd/")]);
    expect([...even, ...odd]).toEqual(keys.toSorted());
  });

  test("a listing can be left early", async ({ storage }) => {
    for (let index = 0; index < 20; index += 1) await storage.put(`a/${index}`, bytesOf(1));
    for await (const { size } of storage.list("a/")) {
      expect(size).toBe(1);
      break;
    }
    expect((await keysOf(storage)).length).toBe(20);
  });
}
