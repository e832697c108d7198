import { isLifeboatError } from "@lifeboat/contracts";
import { expect } from "vitest";
import { bytesOf, inPieces, read } from "../helpers.ts";
import { expectObject, keysOf, type StorageHarness } from "./harness.ts";

const MIB = 1024 * 1024;

/** That calls beside each other do not mix. */
export function concurrency({ test }: StorageHarness): void {
  test("many puts beside each other are all stored", async ({ storage }) => {
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    await Promise.all(
      numbers.map((n) => storage.put(`deep/er/${n % 5}/${n}`, inPieces(bytesOf(50_000 + n, n + 1), 9999))),
    );
    expect((await keysOf(storage)).length).toBe(40);
    await Promise.all(numbers.map((n) => expectObject(storage, `deep/er/${n % 5}/${n}`, bytesOf(50_000 + n, n + 1))));
  });

  test("of puts to one key beside each other one stays, whole", async ({ storage }) => {
    const bodies = Array.from({ length: 8 }, (_, index) => bytesOf(300_000 + index, index + 1));
    await Promise.all(bodies.map((bytes) => storage.put("a", inPieces(bytes, 70_000))));
    const found = await read(storage.get("a"));
    expect(bodies.some((bytes) => bytes.equals(found))).toBe(true);
    expect(await keysOf(storage)).toEqual(["a"]);
  });

  test("a read beside a replacing put sees the old bytes or the new ones, or fails, but never a mixture", async ({
    storage,
  }) => {
    const [old, fresh] = [bytesOf(8 * MIB, 1), bytesOf(8 * MIB, 2)];
    await storage.put("a", old);
    const pieces: Uint8Array[] = [];
    try {
      for await (const piece of storage.get("a")) {
        if (pieces.length === 0) await storage.put("a", fresh);
        pieces.push(piece);
      }
      const found = Buffer.concat(pieces);
      expect(found.equals(old) || found.equals(fresh)).toBe(true);
    } catch (error) {
      expect(isLifeboatError(error)).toBe(true);
    }
    await expectObject(storage, "a", fresh);
  });

  test("putting and deleting in the same folder beside each other loses nothing", async ({ storage }) => {
    const lanes = Array.from({ length: 6 }, (_, lane) => lane);
    await Promise.all(
      lanes.map(async (lane) => {
        for (let round = 0; round < 10; round += 1) {
          await storage.put(`shared/folder/${lane}`, bytesOf(100 + round, lane + 1));
          expect((await storage.stat(`shared/folder/${lane}`))?.size).toBe(100 + round);
          await storage.delete([`shared/folder/${lane}`]);
        }
        await storage.put(`shared/folder/${lane}`, bytesOf(10, lane + 1));
      }),
    );
    expect(await keysOf(storage)).toEqual(lanes.map((lane) => `shared/folder/${lane}`));
  });

  test("a listing beside puts and deletes never fails, and shows what was there all along", async ({ storage }) => {
    for (let index = 0; index < 30; index += 1) await storage.put(`stays/${index}`, bytesOf(1));
    const churn = async () => {
      for (let round = 0; round < 30; round += 1) {
        await storage.put(`comes/${round}/x`, bytesOf(1));
        await storage.delete([`comes/${round}/x`]);
      }
    };
    const look = async () => {
      for (let round = 0; round < 5; round += 1) {
        const found = await keysOf(storage);
        expect(found.filter((key) => key.startsWith("stays/")).length).toBe(30);
      }
    };
    await Promise.all([churn(), look()]);
  });

  test("a second user of the same objects sees what the first has done", async ({ storage, reopen }) => {
    const other = await reopen?.();
    if (other === undefined) return; // such as memory: nobody else can reach it
    await storage.put("a/b", bytesOf(10));
    await expectObject(other, "a/b", bytesOf(10));
    await other.delete(["a/b"]);
    expect(await storage.stat("a/b")).toBeNull();
    await other[Symbol.asyncDispose]();
    await storage.put("a/b", bytesOf(20));
    await expectObject(storage, "a/b", bytesOf(20));
  });
}
