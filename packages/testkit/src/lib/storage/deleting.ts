import { expect } from "vitest";
import { bytesOf, read } from "../helpers.ts";
import { expectFailure, keysOf, type StorageHarness } from "./harness.ts";

/** That deleting takes away what is named, and nothing else. */
export function deleting({ test }: StorageHarness): void {
  test("a deleted object is absent to every operation", async ({ storage }) => {
    await storage.put("a/b", bytesOf(10));
    await storage.delete(["a/b"]);
    expect(await storage.stat("a/b")).toBeNull();
    expect(await keysOf(storage)).toEqual([]);
    await expectFailure(read(storage.get("a/b")), "NOT_FOUND", { operation: "storage.get", key: "a/b" });
  });

  test("deleting what is not there, twice, or nothing at all is fine", async ({ storage }) => {
    await storage.put("a", bytesOf(1));
    await storage.delete([]);
    await storage.delete(["absent", "also/absent", "a/beneath"]);
    await storage.delete(["a", "a", "absent"]);
    await storage.delete(["a"]);
    expect(await keysOf(storage)).toEqual([]);
  });

  test("deleting what looks like a folder deletes nothing in it", async ({ storage }) => {
    await storage.put("a/b", bytesOf(1));
    await storage.delete(["a"]);
    expect(await keysOf(storage)).toEqual(["a/b"]);
  });

  test("a batch deletes what it names and leaves the rest", async ({ storage }) => {
    const keys = Array.from({ length: 60 }, (_, index) => `folder${index % 3}/${index}`);
    for (const key of keys) await storage.put(key, bytesOf(1));
    await storage.delete(keys.filter((_, index) => index % 2 === 0));
    expect(await keysOf(storage)).toEqual(keys.filter((_, index) => index % 2 === 1).sort());
  });
}
