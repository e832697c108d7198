import { readSync } from "node:fs";
import { expect } from "vitest";
import { bytesOf, read } from "../helpers.ts";
import { expectFailure, type StorageHarness } from "./harness.ts";

const SIZE = 3 * 1024 * 1024 + 17;

/** That ranges are half-open and forgiving at the end, at every edge. */
export function ranges({ test }: StorageHarness): void {
  test("a range yields exactly its bytes", async ({ storage }) => {
    const bytes = bytesOf(SIZE);
    await storage.put("a", bytes);
    const spans: [number, number | undefined][] = [
      [0, undefined],
      [0, SIZE],
      [0, 1],
      [0, 0],
      [1, 1],
      [SIZE - 1, SIZE],
      [SIZE - 1, undefined],
      [1024 * 1024 - 1, 1024 * 1024 + 1],
      [17, 2 * 1024 * 1024 + 3],
    ];
    for (const [start, end] of spans) {
      const found = await read(storage.get("a", { range: { start, end } }));
      expect(found.equals(bytes.subarray(start, end)), `[${start}, ${end})`).toBe(true);
    }
  });

  test("an object that is a file is opened with its bytes, and stays what it is while it is open", async ({
    storage,
  }) => {
    if (storage.openFile === undefined) return;
    const bytes = bytesOf(SIZE);
    await storage.put("a", bytes);
    const file = await storage.openFile("a");
    try {
      await storage.put("a", bytesOf(10));
      await storage.delete(["a"]);
      const found = Buffer.alloc(SIZE + 1);
      expect(file.size).toBe(SIZE);
      expect(readSync(file.fd, found, 0, found.length, 0)).toBe(SIZE);
      expect(found.subarray(0, SIZE).equals(bytes)).toBe(true);
    } finally {
      await file[Symbol.asyncDispose]();
    }
    await expectFailure(storage.openFile("a"), "NOT_FOUND", { operation: "storage.get", key: "a" });
    await expectFailure(storage.openFile("../a"), "INVALID", { operation: "storage.get" });
  });

  test("a range that reaches past the end yields what there is", async ({ storage }) => {
    await storage.put("a", bytesOf(100));
    for (const end of [101, 1000, Number.MAX_SAFE_INTEGER]) {
      expect((await read(storage.get("a", { range: { start: 90, end } }))).length).toBe(10);
    }
  });

  test("a range that begins at or past the end yields nothing", async ({ storage }) => {
    await storage.put("a", bytesOf(100));
    await storage.put("empty", new Uint8Array());
    for (const start of [100, 101, 1_000_000]) {
      expect((await read(storage.get("a", { range: { start } }))).length).toBe(0);
      expect((await read(storage.get("a", { range: { start, end: start + 10 } }))).length).toBe(0);
    }
    expect((await read(storage.get("empty", { range: { start: 0 } }))).length).toBe(0);
    expect((await read(storage.get("empty", { range: { start: 0, end: 5 } }))).length).toBe(0);
  });

  test("a range of an absent object is absent, an empty range too", async ({ storage }) => {
    for (const range of [{ start: 0 }, { start: 5, end: 5 }, { start: 0, end: 0 }]) {
      await expectFailure(read(storage.get("a", { range })), "NOT_FOUND", { operation: "storage.get", key: "a" });
    }
  });

  test("a range that is none is refused", async ({ storage }) => {
    await storage.put("a", bytesOf(100));
    for (const range of [{ start: -1 }, { start: 5, end: 4 }, { start: 0.5 }, { start: 0, end: Number.NaN }]) {
      await expectFailure(read(storage.get("a", { range })), "INVALID", { operation: "storage.get", key: "a" });
    }
  });
}
