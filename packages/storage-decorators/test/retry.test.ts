import { LifeboatError, type Storage } from "@lifeboat/contracts";
import { type RetryEvent, type RetryOptions, replayable, withRetry } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { bytesOf, faultyStorage, type PlannedFault, read } from "@lifeboat/testkit";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { codeOf, failureOf, inPieces, keysOf } from "./helpers.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Lets virtual time pass until some work is done. */
async function soon<T>(work: Promise<T>): Promise<T> {
  let done = false;
  const settled = work.finally(() => {
    done = true;
  });
  settled.catch(() => undefined);
  for (let turn = 0; !done && turn < 100_000; turn += 1) await vi.advanceTimersByTimeAsync(10);
  return await settled;
}

function broken(key?: string): LifeboatError {
  return new LifeboatError({
    code: "UNREACHABLE",
    operation: "storage.test",
    key,
    message: "The line broke.",
    retryable: true,
  });
}

/** A storage that fails as planned, tried again. */
function setUp(plan: readonly PlannedFault[], options: RetryOptions = {}) {
  const inner = memoryStorage();
  const faulty = faultyStorage(inner, { plan, pieces: true });
  return { inner, faulty, storage: withRetry(faulty, options) };
}

/** Some work of every kind, with bodies of several pieces. */
async function work(storage: Storage): Promise<string[]> {
  await storage.put("a", inPieces("life", "boat"));
  await storage.put("b", Buffer.from("array"), { ifAbsent: true });
  await storage.put("c", inPieces("created", " ", "once"), { ifAbsent: true });
  await storage.copy?.("a", "d");
  const answers = [String(await read(storage.get("a"))), String((await storage.stat("b"))?.size)];
  answers.push(String(await read(storage.get("c", { range: { start: 2, end: 9 } }))));
  await storage.delete(["b"]);
  return [...answers, ...(await keysOf(storage))];
}

test("a retryable failure at any call, before or after it took effect, is not noticed", async () => {
  const clean = setUp([]);
  const expected = await soon(work(clean.storage));
  expect(expected).toEqual(["lifeboat", "5", "eated o", "a", "c", "d"]);
  for (const { index } of clean.faulty.calls) {
    for (const when of ["before", "after"] as const) {
      const { storage } = setUp([{ call: index, kind: "fail", when }]);
      expect(await soon(work(storage)), `call ${index} ${when}`).toEqual(expected);
    }
  }
});

test("several failures in a row are not noticed either", async () => {
  const plan = [0, 1, 2, 5, 6, 9, 14, 15, 16, 20].map((call) => ({ call, kind: "fail" }) as const);
  const { storage } = setUp(plan);
  expect((await soon(work(storage)))[0]).toBe("lifeboat");
});

test("what is not retryable is thrown at once, as it is", async () => {
  const { storage, faulty } = setUp([{ call: 0, kind: "fail", error: "PERMISSION_DENIED" }]);
  expect(await codeOf(storage.stat("a"))).toBe("PERMISSION_DENIED");
  expect(faulty.calls.length).toBe(1);
  expect(await codeOf(read(storage.get("absent")))).toBe("NOT_FOUND");
  expect(await codeOf(storage.put("../a", inPieces()))).toBe("INVALID");
});

test("the pauses grow, differ, and are told; then the last error is thrown", async () => {
  const events: RetryEvent[] = [];
  const plan = Array.from({ length: 5 }, (_, call) => ({ call, kind: "fail" }) as const);
  const { storage, faulty } = setUp(plan, { attempts: 5, firstPauseMs: 100, onRetry: (event) => events.push(event) });
  const error = await soon(failureOf(storage.stat("a")));
  expect(error).toMatchObject({ code: "UNREACHABLE", message: expect.stringContaining("call 4") });
  expect(faulty.calls.length).toBe(5);
  expect(events.map(({ operation, key, failures }) => [operation, key, failures])).toEqual(
    [1, 2, 3, 4].map((failures) => ["storage.stat", "a", failures]),
  );
  for (const [index, { pauseMs }] of events.entries()) {
    expect(pauseMs).toBeGreaterThanOrEqual(50 * 2 ** index);
    expect(pauseMs).toBeLessThanOrEqual(100 * 2 ** index);
  }
});

test("no pause is longer than the longest, and none goes past the budget", async () => {
  const pauses: number[] = [];
  const inner: Storage = { ...memoryStorage(), stat: () => Promise.reject(broken()) };
  const storage = withRetry(inner, {
    attempts: 1000,
    longestPauseMs: 1000,
    budgetMs: 20_000,
    onRetry: ({ pauseMs }) => pauses.push(pauseMs),
  });
  const began = performance.now();
  expect(await soon(codeOf(storage.stat("a")))).toBe("UNREACHABLE");
  expect(performance.now() - began).toBeLessThan(20_100);
  expect(pauses.length).toBeGreaterThan(20);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(1000);
});

test("an abort ends a pause at once", async () => {
  const inner: Storage = { ...memoryStorage(), stat: () => Promise.reject(broken()) };
  const abort = new AbortController();
  const reason = new Error("enough");
  const failure = failureOf(withRetry(inner, { firstPauseMs: 50_000 }).stat("a", { signal: abort.signal }));
  await vi.advanceTimersByTimeAsync(10);
  abort.abort(reason);
  expect(await failure).toBe(reason);
  expect(vi.getTimerCount()).toBe(0);
});

/** A storage whose puts break as long as they are told to, after so many pieces. */
function breaking(times: number, afterPieces = 1): { storage: Storage; inner: Storage; attempts: () => number } {
  const inner = memoryStorage();
  let attempts = 0;
  const storage: Storage = {
    ...inner,
    async put(key, body, o) {
      attempts += 1;
      if (attempts > times) return await inner.put(key, body, o);
      let pieces = 0;
      if (!(body instanceof Uint8Array)) {
        for await (const piece of body) {
          pieces += piece.length > 0 ? 1 : 0;
          if (pieces === afterPieces) break;
        }
      }
      throw broken(key);
    },
  };
  return { storage, inner, attempts: () => attempts };
}

test("a body within the buffer is sent again, and pulled only once", async () => {
  const { storage, inner, attempts } = breaking(3, 2);
  const pieces = [bytesOf(1000, 1), bytesOf(2000, 2), bytesOf(3000, 3), bytesOf(10, 4)];
  let pulled = 0;
  const buffer = Buffer.alloc(3000);
  async function* reusing() {
    for (const piece of pieces) {
      pulled += 1;
      piece.copy(buffer);
      yield buffer.subarray(0, piece.length);
    }
  }
  await soon(withRetry(storage).put("a", reusing()));
  expect([attempts(), pulled]).toEqual([4, 4]);
  expect((await read(inner.get("a"))).equals(Buffer.concat(pieces))).toBe(true);
});

test("a body of which more than the buffer was pulled is not sent again, and is closed", async () => {
  const { storage, inner, attempts } = breaking(1, 3);
  let closed = false;
  async function* long() {
    try {
      for (;;) yield bytesOf(600);
    } finally {
      closed = true;
    }
  }
  expect(await soon(failureOf(withRetry(storage, { bufferBytes: 1000 }).put("a", long())))).toMatchObject({
    code: "UNREACHABLE",
    retryable: true,
  });
  expect([attempts(), closed]).toEqual([1, true]);
  expect(await keysOf(inner)).toEqual([]);
});

test("a long body that was hardly begun is sent again all the same", async () => {
  const { storage, inner } = breaking(2, 1);
  await soon(withRetry(storage, { bufferBytes: 700 }).put("a", inPieces(bytesOf(600, 1), bytesOf(600, 2), "end")));
  expect(
    (await read(inner.get("a"))).equals(Buffer.concat([bytesOf(600, 1), bytesOf(600, 2), Buffer.from("end")])),
  ).toBe(true);
});

test("a replayable body is sent again however long it is, and opened for each attempt", async () => {
  const { storage, inner } = breaking(2, 2);
  let opened = 0;
  const body = replayable(() => {
    opened += 1;
    return inPieces(bytesOf(5000, 1), bytesOf(5000, 2), bytesOf(5000, 3));
  });
  await soon(withRetry(storage, { bufferBytes: 0 }).put("a", body));
  expect([opened, (await inner.stat("a"))?.size]).toEqual([3, 15_000]);
});

test("an error of the body is never tried again, even if it looks like the storage's", async () => {
  for (const wrap of [
    (body: AsyncIterable<Uint8Array>) => body,
    (body: AsyncIterable<Uint8Array>) => replayable(() => body),
  ]) {
    const { storage, attempts } = breaking(0);
    const error = broken();
    async function* failing() {
      yield bytesOf(10);
      throw error;
    }
    expect(await failureOf(withRetry(storage).put("a", wrap(failing())))).toBe(error);
    expect(attempts()).toBe(1);
  }
});

test("a create-only put whose answer was lost has won, if the object holds its bytes", async () => {
  for (const body of [
    () => bytesOf(5000),
    () => inPieces(bytesOf(5000)),
    () => replayable(() => inPieces(bytesOf(5000))),
  ]) {
    const inner = memoryStorage();
    const faulty = faultyStorage(inner, { plan: [{ call: 0, kind: "fail", when: "after" }] });
    const info = await soon(withRetry(faulty).put("lock", body(), { ifAbsent: true }));
    expect(info).toMatchObject({ key: "lock", size: 5000 });
  }
});

test("a create-only put has lost where somebody else's bytes are there", async () => {
  const inner = memoryStorage();
  const storage: Storage = {
    ...inner,
    async put(key, body, o) {
      const there = (await inner.stat(key)) !== null;
      if (there) return await inner.put(key, body, o);
      await inner.put(key, bytesOf(5000, 7));
      throw broken(key);
    },
  };
  expect(await soon(codeOf(withRetry(storage).put("lock", bytesOf(5000), { ifAbsent: true })))).toBe("ALREADY_EXISTS");
  expect(await codeOf(withRetry(storage).put("lock", bytesOf(5000, 7), { ifAbsent: true }))).toBe("ALREADY_EXISTS");
});

/** A storage whose reads break after so many bytes each time, as long as they are told to. */
function cutting(inner: Storage, afterBytes: number, onCut: () => Promise<unknown> = async () => null): Storage {
  return {
    ...inner,
    async *get(key, o) {
      let left = afterBytes;
      for await (const piece of inner.get(key, o)) {
        if (piece.length >= left) {
          yield piece.subarray(0, left);
          await onCut();
          throw broken(key);
        }
        yield piece;
        left -= piece.length;
      }
    },
  };
}

test("a read that breaks again and again resumes behind its last byte each time", async () => {
  const inner = memoryStorage();
  const bytes = bytesOf(300_000);
  await inner.put("a", bytes);
  for (const afterBytes of [8000, 50_000, 299_999, 300_000]) {
    const storage = withRetry(cutting(inner, afterBytes), { attempts: 2 });
    expect((await soon(read(storage.get("a")))).equals(bytes)).toBe(true);
    const range = { start: 1000, end: 250_001 };
    expect((await soon(read(storage.get("a", { range })))).equals(bytes.subarray(1000, 250_001))).toBe(true);
  }
});

test("a read notices that its object was replaced, cut short, grown or deleted meanwhile", async () => {
  const bytes = bytesOf(100_000);
  const changed = Buffer.from(bytes);
  changed[49_000]! ^= 1;
  const changes: ((inner: Storage) => Promise<unknown>)[] = [
    (inner) => inner.put("a", bytesOf(100_000, 2)),
    (inner) => inner.put("a", changed),
    (inner) => inner.put("a", bytes.subarray(0, 40_000)),
    (inner) => inner.delete(["a"]),
  ];
  for (const change of changes) {
    const inner = memoryStorage();
    await inner.put("a", bytes);
    const storage = withRetry(cutting(inner, 50_000, () => change(inner)));
    expect(await soon(codeOf(read(storage.get("a"))))).toBe("CONFLICT");
  }
});

test("a read notices a change between its second and its third attempt by size and time", async () => {
  const inner = memoryStorage();
  const bytes = bytesOf(100_000);
  await inner.put("a", bytes);
  let cuts = 0;
  const storage = withRetry(
    cutting(inner, 30_000, async () => {
      cuts += 1;
      if (cuts === 2) await inner.put("a", Buffer.concat([bytes, bytes]));
    }),
  );
  expect(await soon(codeOf(read(storage.get("a"))))).toBe("CONFLICT");
});

test("a reader that stops, or a reader's own error, is not taken for a failure", async () => {
  const inner = memoryStorage();
  await inner.put("a", bytesOf(100));
  const storage = withRetry(inner);
  const error = broken();
  const reading = async () => {
    for await (const piece of storage.get("a")) if (piece.length > 0) throw error;
  };
  expect(await failureOf(reading())).toBe(error);
});

test("a listing that breaks goes on, each key once", async () => {
  const inner = memoryStorage();
  for (let index = 0; index < 100; index += 1) await inner.put(`a/${index}`, bytesOf(1));
  let cut = 10;
  const storage: Storage = {
    ...inner,
    async *list(prefix, o) {
      let shown = 0;
      for await (const info of inner.list(prefix, o)) {
        if (shown === cut) {
          cut += 25;
          throw broken();
        }
        shown += 1;
        yield info;
      }
    },
  };
  const keys: string[] = [];
  const listing = async () => {
    for await (const { key } of withRetry(storage).list("a/")) keys.push(key);
  };
  await soon(listing());
  expect(keys.length).toBe(100);
  expect(new Set(keys).size).toBe(100);
});

test("options that make no sense are refused", () => {
  const inner = memoryStorage();
  for (const options of [{ attempts: 0 }, { firstPauseMs: -1 }, { budgetMs: Number.NaN }, { bufferBytes: -1 }]) {
    expect(() => withRetry(inner, options)).toThrow("withRetry");
  }
});
