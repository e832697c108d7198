import { interruptible, isLifeboatError, resolveRange } from "@lifeboat/contracts";
import { expect, test } from "vitest";

async function* silentAfter(first: number, closed: () => void): AsyncGenerator<number> {
  try {
    yield first;
    await new Promise(() => undefined);
  } finally {
    closed();
  }
}

test("an abort ends the wait for an item that never comes", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  const items = interruptible(
    silentAfter(1, () => undefined),
    abort.signal,
  );
  expect((await items.next()).value).toBe(1);
  const waiting = items.next();
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

test.each([undefined, new AbortController().signal])("whoever stops early closes the items", async (signal) => {
  let closed = 0;
  for await (const item of interruptible(
    silentAfter(1, () => (closed += 1)),
    signal,
  )) {
    expect(item).toBe(1);
    break;
  }
  expect(closed).toBe(1);
});

test("an error of the items comes through as it is, and the items end with their last", async () => {
  const { signal } = new AbortController();
  const seen: number[] = [];
  async function* failing() {
    yield 1;
    throw new TypeError("broken");
  }
  const run = async () => {
    for await (const item of interruptible(failing(), signal)) seen.push(item);
  };
  await expect(run()).rejects.toThrow(TypeError);
  expect(seen).toEqual([1]);
});

test("a range has whole numbers in order, and an open end is infinite", () => {
  expect(resolveRange(undefined, "storage.get", "a")).toEqual({ start: 0, end: Number.POSITIVE_INFINITY });
  expect(resolveRange({ start: 3, end: 3 }, "storage.get", "a")).toEqual({ start: 3, end: 3 });
  for (const range of [{ start: -1 }, { start: 0.5 }, { start: Number.NaN }, { start: 2, end: 1 }]) {
    expect(() => resolveRange(range, "storage.get", "a")).toThrow(
      expect.toSatisfy((error) => isLifeboatError(error, "INVALID")),
    );
  }
});
