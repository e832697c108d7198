import { isLifeboatError } from "@lifeboat/contracts";
import { expect } from "vitest";
import { bytesOf, inPieces, read } from "../helpers.ts";
import { expectFailure, expectObject, keysOf, type StorageHarness } from "./harness.ts";

const RACERS = 8;

/** That a create-only put creates, and only that. */
export function creating({ test }: StorageHarness): void {
  test("it creates what is absent", async ({ storage }) => {
    await storage.put("a/b", bytesOf(10), { ifAbsent: true });
    await storage.put("c", inPieces(bytesOf(3000), 1000), { ifAbsent: true });
    await expectObject(storage, "a/b", bytesOf(10));
    await expectObject(storage, "c", bytesOf(3000));
  });

  test("it refuses a taken key and leaves the object as it was", async ({ storage }) => {
    await storage.put("a", bytesOf(10));
    for (const body of [bytesOf(20), inPieces(bytesOf(20), 5)]) {
      await expectFailure(storage.put("a", body, { ifAbsent: true }), "ALREADY_EXISTS", {
        operation: "storage.put",
        key: "a",
      });
    }
    await expectObject(storage, "a", bytesOf(10));
    expect(await keysOf(storage)).toEqual(["a"]);
  });

  test("it refuses a key that was taken while its body came", async ({ storage }) => {
    async function* slow() {
      yield bytesOf(10);
      await storage.put("a", bytesOf(20, 2));
      yield bytesOf(10);
    }
    const put = storage.put("a", slow(), { ifAbsent: true });
    if (storage.capabilities.conditionalPut) {
      await expectFailure(put, "ALREADY_EXISTS", { operation: "storage.put", key: "a" });
      await expectObject(storage, "a", bytesOf(20, 2));
    } else {
      await put.catch((error: unknown) => expect(isLifeboatError(error, "ALREADY_EXISTS")).toBe(true));
      expect([20]).toContain((await storage.stat("a"))?.size);
    }
  });

  test("it creates again what was deleted", async ({ storage }) => {
    for (let round = 1; round < 4; round += 1) {
      await storage.put("a/b", bytesOf(round), { ifAbsent: true });
      await expectObject(storage, "a/b", bytesOf(round));
      await storage.delete(["a/b"]);
    }
  });

  test("of several that race for a key one wins, and its bytes are there whole", async ({ storage, reopen }) => {
    const other = (await reopen?.()) ?? storage;
    for (let round = 0; round < 5; round += 1) {
      const key = `locks/${round}`;
      const outcomes = await Promise.allSettled(
        Array.from({ length: RACERS }, (_, racer) =>
          (racer % 2 === 0 ? storage : other).put(key, inPieces(bytesOf(5000, racer + 1), 1000), { ifAbsent: true }),
        ),
      );
      const winners = outcomes.flatMap(({ status }, racer) => (status === "fulfilled" ? [racer] : []));
      for (const outcome of outcomes) {
        if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ALREADY_EXISTS", key });
      }
      const found = await read(storage.get(key));
      if (storage.capabilities.conditionalPut) expect(winners.length).toBe(1);
      expect(winners.some((racer) => found.equals(bytesOf(5000, racer + 1)))).toBe(true);
    }
    if (other !== storage) await other[Symbol.asyncDispose]();
  });
}
