import { expect } from "vitest";
import { all, bytesOf, failureOf, read } from "../helpers.ts";
import { expectObject, keysOf, type StorageHarness } from "./harness.ts";

const MIB = 1024 * 1024;

/** That an abort stops a call at once, arrives unwrapped, and leaves the key as it was. */
export function aborting({ test }: StorageHarness): void {
  test("what was aborted before it began does nothing", async ({ storage }) => {
    await storage.put("a", bytesOf(10));
    const reason = new Error("too late");
    const signal = AbortSignal.abort(reason);
    let pulled = false;
    async function* body() {
      pulled = true;
      yield bytesOf(20);
    }
    const calls = [
      storage.put("a", bytesOf(20), { signal }),
      storage.put("b", body(), { signal }),
      read(storage.get("a", { signal })),
      storage.stat("a", { signal }),
      all(storage.list("", { signal })),
      storage.delete(["a"], { signal }),
      ...(storage.copy === undefined ? [] : [storage.copy("a", "b", { signal })]),
      ...(storage.space === undefined ? [] : [storage.space({ signal })]),
    ];
    for (const call of calls) expect(await failureOf(call)).toBe(reason);
    expect(pulled).toBe(false);
    expect(await keysOf(storage)).toEqual(["a"]);
    await expectObject(storage, "a", bytesOf(10));
  });

  for (const length of [0, 1000, 7 * MIB]) {
    test(`an abort after ${length} bytes of a body that stays silent ends the put`, async ({ storage }) => {
      await storage.put("a", bytesOf(10));
      for (const key of ["a", "b/c"]) {
        const abort = new AbortController();
        const reason = { what: "anything may be a reason" };
        async function* silent() {
          if (length > 0) yield bytesOf(length);
          setImmediate(() => abort.abort(reason));
          await new Promise(() => undefined);
        }
        expect(await failureOf(storage.put(key, silent(), { signal: abort.signal }))).toBe(reason);
      }
      await expectObject(storage, "a", bytesOf(10));
      expect(await keysOf(storage)).toEqual(["a"]);
    });
  }

  test("an abort while a body is read ends it, and the body of an aborted put is closed", async ({ storage }) => {
    const abort = new AbortController();
    const reason = new Error("enough");
    let closed = false;
    async function* endless() {
      try {
        for (let pieces = 0; ; pieces += 1) {
          if (pieces === 3) abort.abort(reason);
          yield bytesOf(1000);
        }
      } finally {
        closed = true;
      }
    }
    expect(await failureOf(storage.put("a", endless(), { signal: abort.signal }))).toBe(reason);
    await expect.poll(() => closed).toBe(true); // not awaited by the call: a body may be stuck
    expect(await keysOf(storage)).toEqual([]);
  });

  test("an abort between two pieces of a read ends it", async ({ storage }) => {
    await storage.put("a", bytesOf(8 * MIB));
    const abort = new AbortController();
    const reason = new Error("enough");
    let bytes = 0;
    const reading = async () => {
      for await (const piece of storage.get("a", { signal: abort.signal })) {
        bytes += piece.length;
        abort.abort(reason);
      }
    };
    expect(await failureOf(reading())).toBe(reason);
    expect(bytes).toBeLessThan(8 * MIB);
    await expectObject(storage, "a", bytesOf(8 * MIB));
  });

  test("an abort between two items of a listing ends it", async ({ storage }) => {
    for (let index = 0; index < 5; index += 1) await storage.put(`a/${index}`, bytesOf(1));
    const abort = new AbortController();
    const reason = new Error("enough");
    const listing = async () => {
      for await (const { key } of storage.list("", { signal: abort.signal })) abort.abort(key === "" ? null : reason);
    };
    expect(await failureOf(listing())).toBe(reason);
  });
}
