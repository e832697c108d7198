import type { Storage } from "@lifeboat/contracts";
import { expect } from "vitest";
import { bytesOf, inPieces, read } from "../helpers.ts";
import { keysOf, type StorageHarness } from "./harness.ts";

const MIB = 1024 * 1024;

/** That of many who create the same key at once one wins, whole, and every other one learns that it lost. */
export function racing({ test, scaled }: StorageHarness): void {
  test("in many rounds of many writers exactly one wins each, and its bytes are there whole", async ({
    storage,
    reopen,
  }) => {
    const other = (await reopen?.()) ?? storage;
    for (let round = 0; round < scaled(20, 3); round += 1) {
      const racers = Array.from({ length: scaled(30, 8) }, (_, racer) => ({
        by: racer % 2 === 0 ? storage : other,
        bytes: bytesOf(2000 + racer * 37, round * 100 + racer + 1),
        pieces: racer % 3 !== 0,
      }));
      await race(`locks/${round}`, racers);
    }
    expect((await keysOf(storage)).length).toBe(scaled(20, 3));
    if (other !== storage) await other[Symbol.asyncDispose]();
  });

  test("of large bodies that race one wins, and nothing is left of the others", async ({ storage }) => {
    const racers = Array.from({ length: 4 }, (_, racer) => ({
      by: storage,
      bytes: bytesOf(9 * MIB + racer, racer + 1),
      pieces: racer % 2 === 0,
    }));
    await race("a/large", racers);
    expect(await keysOf(storage)).toEqual(["a/large"]);
  });

  test("a key that is created, deleted and created again never has two owners at once", async ({ storage }) => {
    let owners = 0;
    let most = 0;
    let turns = 0;
    const wanted = scaled(60, 6);
    const worker = async (seed: number) => {
      for (let tries = 0; turns < wanted && tries < 10_000; tries += 1) {
        try {
          await storage.put("lock", bytesOf(100, seed), { ifAbsent: true });
        } catch (error) {
          expect(error).toMatchObject({ code: "ALREADY_EXISTS", key: "lock" });
          continue;
        }
        owners += 1;
        turns += 1;
        most = Math.max(most, owners);
        await storage.stat("lock");
        owners -= 1;
        await storage.delete(["lock"]);
      }
    };
    await Promise.all([1, 2, 3, 4].map(worker));
    expect(turns).toBeGreaterThanOrEqual(wanted);
    expect(await storage.stat("lock")).toBeNull();
    if (storage.capabilities.conditionalPut) expect(most).toBe(1);
  });
}

interface Racer {
  readonly by: Storage;
  readonly bytes: Buffer;
  readonly pieces: boolean;
}

async function race(key: string, racers: readonly Racer[]): Promise<void> {
  const outcomes = await Promise.allSettled(
    racers.map(({ by, bytes, pieces }) => by.put(key, pieces ? inPieces(bytes, 701) : bytes, { ifAbsent: true })),
  );
  const winners = outcomes.flatMap(({ status }, racer) => (status === "fulfilled" ? [racer] : []));
  for (const outcome of outcomes) {
    if (outcome.status === "rejected") expect(outcome.reason).toMatchObject({ code: "ALREADY_EXISTS", key });
  }
  const storage = racers[0]?.by;
  if (storage === undefined) return;
  if (storage.capabilities.conditionalPut) expect(winners.length).toBe(1);
  const found = await read(storage.get(key));
  expect(winners.some((racer) => racers[racer]?.bytes.equals(found))).toBe(true);
}
