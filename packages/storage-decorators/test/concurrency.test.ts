import type { Storage } from "@lifeboat/contracts";
import { withConcurrency } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { read } from "@lifeboat/testkit";
import { expect, test } from "vitest";
import { failureOf, inPieces, keysOf } from "./helpers.ts";

/** A memory storage that counts how many calls of each kind run at once. */
function counting() {
  const inner = memoryStorage();
  const now: Record<string, number> = {};
  const most: Record<string, number> = {};
  const enter = (kind: string) => {
    now[kind] = (now[kind] ?? 0) + 1;
    most[kind] = Math.max(most[kind] ?? 0, now[kind] ?? 0);
  };
  const leave = (kind: string) => {
    now[kind] = (now[kind] ?? 0) - 1;
  };
  const during = async <T>(kind: string, work: () => Promise<T>): Promise<T> => {
    enter(kind);
    await new Promise((resolve) => setImmediate(resolve));
    return await work().finally(() => leave(kind));
  };
  const storage: Storage = {
    ...inner,
    put: (key, body, o) => during("put", () => inner.put(key, body, o)),
    stat: (key, o) => during("request", () => inner.stat(key, o)),
    delete: (keys, o) => during("request", () => inner.delete(keys, o)),
    copy: (from, to, o) => during("copy", async () => await inner.copy?.(from, to, o)),
    async *get(key, o) {
      enter("get");
      try {
        yield* inner.get(key, o);
      } finally {
        leave("get");
      }
    },
  };
  return { storage, most, now };
}

test("no more of each kind run at once than they may, and all of them run", async () => {
  const { storage: inner, most, now } = counting();
  const storage = withConcurrency(inner, { uploads: 3, downloads: 2, copies: 1, requests: 4 });
  const keys = Array.from({ length: 20 }, (_, index) => `a/${index}`);
  await Promise.all(keys.map((key) => storage.put(key, inPieces(key))));
  const found = await Promise.all(keys.map((key) => read(storage.get(key))));
  expect(found.map(String)).toEqual(keys);
  await Promise.all(keys.map(async (key) => await storage.copy?.(key, `copy/${key}`)));
  await Promise.all(keys.map((key) => storage.stat(key)));
  expect(most).toEqual({ put: 3, get: 2, copy: 1, request: 4 });
  expect(Object.values(now)).toEqual([0, 0, 0, 0]);
});

test("a read holds its slot while it is read, and gives it back when it is left", async () => {
  const inner = memoryStorage();
  await inner.put("a", new Uint8Array(3_000_000));
  const storage = withConcurrency(inner, { downloads: 1 });
  const first = storage.get("a")[Symbol.asyncIterator]();
  await first.next();
  let second = false;
  const waiting = read(storage.get("a")).then(() => {
    second = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(second).toBe(false);
  await first.return?.();
  await waiting;
});

test("an abort ends the wait for a slot, and whoever stands behind moves up", async () => {
  const inner = memoryStorage();
  const storage = withConcurrency(inner, { uploads: 1 });
  let release: () => void = () => undefined;
  async function* slow() {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    yield Buffer.from("a");
  }
  const first = storage.put("first", slow());
  const abort = new AbortController();
  const second = failureOf(storage.put("second", inPieces("b"), { signal: abort.signal }));
  const third = storage.put("third", inPieces("c"));
  const reason = new Error("enough");
  abort.abort(reason);
  expect(await second).toBe(reason);
  release();
  await Promise.all([first, third]);
  expect(await keysOf(inner)).toEqual(["first", "third"]);
});

test("a document is put although uploads that wait for their bodies have all slots", async () => {
  const storage = withConcurrency(memoryStorage(), { uploads: 1 });
  let release: () => void = () => undefined;
  async function* slow() {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    yield Buffer.from("a");
  }
  const first = storage.put("first", slow());
  await storage.put("lease", Buffer.alloc(1000));
  release();
  await first;
});

test("calls that fail give their slot back", async () => {
  const storage = withConcurrency(memoryStorage(), { downloads: 1, requests: 1, uploads: 1 });
  for (let round = 0; round < 3; round += 1) {
    await expect(read(storage.get("absent"))).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(storage.stat("../bad")).rejects.toMatchObject({ code: "INVALID" });
    await expect(storage.put("../bad", inPieces())).rejects.toMatchObject({ code: "INVALID" });
  }
  await storage.put("a", inPieces("a"));
});

test("a limit below one is refused", () => {
  expect(() => withConcurrency(memoryStorage(), { uploads: 0 })).toThrow("uploads of withConcurrency");
  expect(() => withConcurrency(memoryStorage(), { downloads: Number.NaN })).toThrow("downloads");
});
