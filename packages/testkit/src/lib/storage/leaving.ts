import { getEventListeners } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Storage } from "@lifeboat/contracts";
import { expect } from "vitest";
import { all, bytesOf, failureOf, inPieces, read } from "../helpers.ts";
import { expectObject, keysOf, type StorageHarness } from "./harness.ts";

const MIB = 1024 * 1024;

/** That whoever leaves in the middle disturbs nobody, and leaves nothing. */
export function leaving({ test, scaled }: StorageHarness): void {
  test("a put under way shows nowhere, and what it replaces stays until it is whole", async ({ storage }) => {
    await storage.put("there", bytesOf(10));
    for (const key of ["there", "absent"]) {
      async function* body() {
        for (let piece = 0; piece < 8; piece += 1) {
          yield bytesOf(MIB);
          expect((await storage.stat(key))?.size).toBe(key === "there" ? 10 : undefined);
          expect((await all(storage.list(""))).map((info) => `${info.key} ${info.size}`)).toEqual(["there 10"]);
        }
      }
      await storage.put(key, body());
      await expectObject(storage, key, Buffer.concat(Array.from({ length: 8 }, () => bytesOf(MIB))));
      await storage.delete(["absent"]);
      await storage.put("there", bytesOf(10));
    }
  });

  test("an abort at any moment of a put leaves all or nothing, and the next use is fine", async ({ storage }) => {
    const bytes = bytesOf(6 * MIB + 1);
    for (let turns = 0; turns < scaled(24, 6); turns += 1) {
      const abort = new AbortController();
      const reason = new Error(`after ${turns} turns`);
      const body = turns % 2 === 0 ? bytes : inPieces(bytes, 300_000);
      const put = storage.put("a", body, { signal: abort.signal, ifAbsent: turns % 3 === 0 });
      const outcome = put.then(
        () => "stored",
        (error: unknown) => error,
      );
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      abort.abort(reason);
      expect([reason, "stored"]).toContain(await outcome);
      if ((await storage.stat("a")) !== null) await expectObject(storage, "a", bytes);
      else expect(await keysOf(storage)).toEqual([]);
      await storage.put("b", bytesOf(100));
      await expectObject(storage, "b", bytesOf(100));
      await storage.delete(["a", "b"]);
    }
  });

  test("an abort at any moment of a read ends it, and the next use is fine", async ({ storage }) => {
    const bytes = bytesOf(6 * MIB + 1);
    await storage.put("a", bytes);
    for (let turns = 0; turns < scaled(24, 6); turns += 1) {
      const abort = new AbortController();
      const reason = new Error(`after ${turns} turns`);
      const outcome = read(storage.get("a", { signal: abort.signal })).catch((error: unknown) => error);
      for (let turn = 0; turn < turns; turn += 1) await nextTurn();
      abort.abort(reason);
      const found = await outcome;
      if (found instanceof Buffer) expect(found.equals(bytes)).toBe(true);
      else expect(found).toBe(reason);
    }
    await expectObject(storage, "a", bytes);
  });

  test("an abort of one call leaves those beside it alone", async ({ storage }) => {
    const bytes = bytesOf(7 * MIB);
    await storage.put("a", bytes);
    const abort = new AbortController();
    const reason = new Error("only this one");
    async function* stopping() {
      yield bytesOf(MIB);
      abort.abort(reason);
      yield bytesOf(MIB);
    }
    const beside = [read(storage.get("a")), read(storage.get("a", { range: { start: 5 * MIB } }))];
    const written = storage.put("b", inPieces(bytes, 500_000));
    expect(await failureOf(storage.put("c", stopping(), { signal: abort.signal }))).toBe(reason);
    const [whole, end] = await Promise.all(beside);
    expect(whole?.equals(bytes)).toBe(true);
    expect(end?.equals(bytes.subarray(5 * MIB))).toBe(true);
    await written;
    await expectObject(storage, "b", bytes);
    expect(await storage.stat("c")).toBeNull();
  });

  test("calls leave no listener behind on their signal", async ({ storage }) => {
    const { signal } = new AbortController();
    for (let round = 0; round < 3; round += 1) await useAll(storage, signal);
    expect(getEventListeners(signal, "abort").length).toBe(0);
  });

  test("an iterator that is left before its first pull, or twice, has nothing to give back", async ({ storage }) => {
    await storage.put("a", bytesOf(10));
    for (const items of [storage.get("a"), storage.get("absent"), storage.list("")]) {
      const iterator = items[Symbol.asyncIterator]();
      await iterator.return?.();
      await iterator.return?.();
      expect((await iterator.next()).done).toBe(true);
    }
  });

  test("disposal ends what is under way, one way or the other", async ({ storage }) => {
    const bytes = bytesOf(5 * MIB);
    await storage.put("a", bytes);
    const reading = storage.get("a")[Symbol.asyncIterator]();
    await reading.next();
    const rest = async () => {
      while ((await reading.next()).done !== true);
    };
    const underWay = [rest(), storage.put("b", inPieces(bytes, 100_000)), storage.stat("a"), keysOf(storage)];
    const settled = Promise.allSettled(underWay);
    await storage[Symbol.asyncDispose]();
    expect((await settled).length).toBe(4);
  });
}

/** Every operation once, to its end, to a failure, and left early. */
async function useAll(storage: Storage, signal: AbortSignal): Promise<void> {
  await storage.put("a", bytesOf(100), { signal });
  await storage.put("b", inPieces(bytesOf(100_000), 10_000), { signal });
  await failureOf(storage.put("a", inPieces(bytesOf(100), 10), { signal, ifAbsent: true }));
  await read(storage.get("b", { signal }));
  await failureOf(read(storage.get("absent", { signal })));
  for await (const piece of storage.get("b", { signal })) if (piece.length > 0) break;
  for await (const { key } of storage.list("", { signal })) if (key !== "") break;
  await all(storage.list("", { signal }));
  await storage.stat("a", { signal });
  await storage.copy?.("a", "c", { signal });
  await storage.space?.({ signal });
  await storage.delete(["a", "b", "c"], { signal });
}
