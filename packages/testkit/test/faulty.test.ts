import { isLifeboatError, type LifeboatError, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage, type PlannedFault, randomPlan, storageSuite } from "@lifeboat/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";

const bytes = new TextEncoder().encode("lifeboat");

async function read(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString();
}

async function* inBytes(text: string): AsyncGenerator<Uint8Array> {
  for (const byte of Buffer.from(text)) yield Uint8Array.of(byte);
}

/** Some work of several calls. */
async function work(storage: Storage): Promise<void> {
  await storage.put("a", bytes);
  await storage.put("b", inBytes("lifeboat"));
  await read(storage.get("a"));
  await storage.stat("b");
  for await (const { key } of storage.list("")) expect(key).not.toBe("");
  await storage.copy?.("a", "c");
  await storage.delete(["a", "b"]);
}

storageSuite("faultyStorage without faults", {
  async create() {
    const inner = memoryStorage();
    const storage = faultyStorage(inner, { pieces: true });
    return { storage: { ...storage, [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose]() } };
  },
  manyKeys: 50,
});

test("a run without faults records every call, and each step where that is asked for", async () => {
  const storage = faultyStorage(memoryStorage());
  await work(storage);
  expect(storage.calls.map(({ name, key }) => `${name} ${key}`)).toEqual([
    "put a",
    "put b",
    "get a",
    "stat b",
    "list ",
    "copy a",
    "delete a",
  ]);
  const counting = faultyStorage(memoryStorage(), { pieces: true });
  await work(counting);
  expect(counting.calls.filter(({ name }) => name === "put.piece").length).toBe(1 + 8);
  expect(counting.calls.filter(({ name }) => name === "list.item").length).toBe(2);
  expect(counting.calls.map(({ index }) => index)).toEqual(counting.calls.map((_, index) => index));
});

test("at every call a fault strikes once, with a typed error that shows the plan", async () => {
  const clean = faultyStorage(memoryStorage(), { pieces: true });
  await work(clean);
  for (const { index } of clean.calls) {
    const plan: readonly PlannedFault[] = [{ call: index, kind: "fail", error: "TIMEOUT" }];
    const storage = faultyStorage(memoryStorage(), { plan, pieces: true });
    const error: unknown = await work(storage).catch((failure: unknown) => failure);
    expect(isLifeboatError(error, "TIMEOUT")).toBe(true);
    expect((error as Error).message).toContain(JSON.stringify(plan));
    expect(storage.calls.length).toBe(index + 1);
    await storage.put("later", bytes);
  }
});

test("a fault before a call leaves no effect, one after it does, and says nothing else", async () => {
  for (const when of ["before", "after"] as const) {
    const inner = memoryStorage();
    const storage = faultyStorage(inner, { plan: [{ call: 0, kind: "fail", when }] });
    await expect(storage.put("a", bytes)).rejects.toMatchObject({ code: "UNREACHABLE", retryable: true, key: "a" });
    expect((await inner.stat("a")) !== null).toBe(when === "after");
  }
});

test("after a crash nothing works any more, not even what was under way", async () => {
  const inner = memoryStorage();
  const storage = faultyStorage(inner, { plan: [{ call: 2, kind: "crash" }] });
  await storage.put("a", bytes);
  let pulled = 0;
  async function* body() {
    for (const piece of ["one", "two"]) {
      pulled += 1;
      yield Buffer.from(piece);
      await storage.stat("a").catch(() => undefined);
    }
  }
  await expect(storage.put("b", body())).rejects.toMatchObject({ code: "UNREACHABLE", retryable: false });
  expect([storage.crashed, pulled]).toEqual([true, 2]);
  await expect(storage.stat("a")).rejects.toThrow("died at call 2");
  await expect(read(storage.get("a"))).rejects.toThrow("died at call 2");
  expect(await inner.stat("b")).toBeNull();
  expect(storage.calls.length).toBe(3);
});

test("bodies are cut off and bits turned over, on the way in and on the way out, and nothing is said", async () => {
  const inner = memoryStorage();
  const plan: readonly PlannedFault[] = [
    { call: 0, kind: "truncate", keep: 4 },
    { call: 1, kind: "corrupt", at: 0 },
    { call: 2, kind: "truncate", keep: 0 },
    { call: 3, kind: "corrupt", at: 100 },
    { call: 4, kind: "delay", ms: 1 },
  ];
  const storage = faultyStorage(inner, { plan });
  await storage.put("a", inBytes("lifeboat"));
  await storage.put("b", bytes);
  expect(await read(inner.get("a"))).toBe("life");
  expect(await read(inner.get("b"))).toBe("mifeboat");
  expect(Buffer.from(bytes).toString()).toBe("lifeboat");
  expect(await read(storage.get("a"))).toBe("");
  expect(await read(storage.get("b"))).toBe("mifeboau");
  expect(await read(storage.get("b"))).toBe("mifeboat");
});

test("a call that hangs ends with an abort alone, before or after it took effect", async () => {
  for (const when of ["before", "after"] as const) {
    const inner = memoryStorage();
    const storage = faultyStorage(inner, { plan: [{ call: 0, kind: "hang", when }] });
    const abort = new AbortController();
    const reason = new Error("enough");
    const put = storage.put("a", bytes, { signal: abort.signal });
    const late = Symbol("late");
    expect(await Promise.race([put, new Promise((resolve) => setImmediate(() => resolve(late)))])).toBe(late);
    abort.abort(reason);
    await expect(put).rejects.toBe(reason);
    expect((await inner.stat("a")) !== null).toBe(when === "after");
  }
});

test("a fault says whether the call is worth trying again", async () => {
  const plan: readonly PlannedFault[] = [
    { call: 0, kind: "fail", error: "RATE_LIMITED", retryable: true },
    { call: 1, kind: "fail", error: "NO_SPACE" },
    { call: 2, kind: "fail" },
    { call: 3, kind: "fail", retryable: false },
  ];
  const storage = faultyStorage(memoryStorage(), { plan });
  const found: [string, boolean][] = [];
  for (let call = 0; call < 4; call += 1) {
    await storage.stat("a").catch((error: LifeboatError) => found.push([error.code, error.retryable]));
  }
  expect(found).toEqual([
    ["RATE_LIMITED", true],
    ["NO_SPACE", false],
    ["UNREACHABLE", true],
    ["UNREACHABLE", false],
  ]);
});

test("the same seed gives the same plan, and its calls exist", () => {
  const kinds = ["fail", "crash", "hang", "delay", "truncate", "corrupt"] as const;
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 1, max: 100 }), (seed, calls) => {
      const plan = randomPlan(seed, { calls, faults: 3, kinds });
      expect(plan).toEqual(randomPlan(seed, { calls, faults: 3, kinds }));
      expect(plan.every(({ call }) => call >= 0 && call < calls)).toBe(true);
    }),
  );
});
