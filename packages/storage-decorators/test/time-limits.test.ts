import type { Storage } from "@lifeboat/contracts";
import { withTimeLimits } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { bytesOf, read } from "@lifeboat/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { failureOf } from "./helpers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const never = () => new Promise<never>(() => undefined);

/** A storage that never answers, whatever is asked. */
function dead(): Storage {
  return {
    ...memoryStorage(),
    put: never,
    stat: never,
    delete: never,
    copy: never,
    space: never,
    async *get() {
      yield bytesOf(10);
      await never();
    },
    async *list() {
      yield { key: "a", size: 1, modified: new Date() };
      await never();
    },
  };
}

const after = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test("every call of a storage that never answers ends with TIMEOUT in its time", async () => {
  const storage = withTimeLimits(dead(), { idleMs: 100, requestMs: 200, copyMs: 300 });
  const list = async () => {
    for await (const info of storage.list("")) expect(info.key).toBe("a");
  };
  const calls: readonly [number, () => Promise<unknown>][] = [
    [100, () => storage.put("a", bytesOf(1))],
    [100, () => read(storage.get("a"))],
    [100, list],
    [200, () => storage.stat("a")],
    [200, () => storage.delete(["a"])],
    [200, () => storage.space!()],
    [300, () => storage.copy!("a", "b")],
  ];
  for (const [ms, call] of calls) {
    let error: unknown = null;
    const done = failureOf(call()).then((failure) => {
      error = failure;
    });
    await vi.advanceTimersByTimeAsync(ms - 1);
    expect(error).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    await done;
    expect(error).toMatchObject({ code: "TIMEOUT", retryable: true, message: expect.stringContaining(`${ms} ms`) });
  }
  expect(vi.getTimerCount()).toBe(0);
});

test("the inner call is aborted with the timeout", async () => {
  const seen: unknown[] = [];
  const inner: Storage = {
    ...memoryStorage(),
    put: (_key, _body, o) =>
      new Promise((_, reject) => {
        o?.signal?.addEventListener("abort", () => {
          seen.push(o.signal?.reason);
          reject(o.signal?.reason);
        });
      }),
  };
  const failure = failureOf(withTimeLimits(inner, { idleMs: 50 }).put("a", bytesOf(1)));
  await vi.advanceTimersByTimeAsync(50);
  expect(seen).toEqual([await failure]);
});

test("a body that is slow, and a reader that is slow, are not the storage's silence", async () => {
  const inner = memoryStorage();
  const storage = withTimeLimits(inner, { idleMs: 100 });
  async function* slow() {
    for (let index = 0; index < 5; index += 1) {
      await after(1000);
      yield bytesOf(1_000_000);
    }
  }
  const put = storage.put("a", slow());
  await vi.advanceTimersByTimeAsync(6000);
  expect((await put).size).toBe(5_000_000);
  const reading = async () => {
    let size = 0;
    for await (const piece of storage.get("a")) {
      await after(1000);
      size += piece.length;
    }
    return size;
  };
  const got = reading();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(await got).toBe(5_000_000);
  expect(vi.getTimerCount()).toBe(0);
});

test("a slow transfer that moves may take for ever", async () => {
  const inner: Storage = {
    ...memoryStorage(),
    async put(key, body) {
      let size = 0;
      for await (const piece of body as AsyncIterable<Uint8Array>) {
        await after(90);
        size += piece.length;
      }
      return { key, size, modified: new Date() };
    },
  };
  const put = withTimeLimits(inner, { idleMs: 100 }).put("a", bytesOf(20 * 1024 * 1024));
  await vi.advanceTimersByTimeAsync(5000);
  expect((await put).size).toBe(20 * 1024 * 1024);
});

test("a storage that does not end when the caller aborts is given up too, with the caller's reason", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  async function* silent() {
    yield bytesOf(1);
    await never();
  }
  const inner: Storage = {
    ...memoryStorage(),
    async put(_key, body) {
      for await (const piece of body as AsyncIterable<Uint8Array>) expect(piece.length).toBe(1);
      return await never();
    },
  };
  const failure = failureOf(withTimeLimits(inner, { idleMs: 100 }).put("a", silent(), { signal: abort.signal }));
  await vi.advanceTimersByTimeAsync(1000);
  abort.abort(reason);
  await vi.advanceTimersByTimeAsync(100);
  expect(await failure).toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});
