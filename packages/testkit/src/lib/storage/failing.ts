import { expect } from "vitest";
import { bytesOf, failureOf } from "../helpers.ts";
import { expectObject, keysOf, type StorageHarness } from "./harness.ts";

const LENGTHS = [0, 1, 100_000, 6 * 1024 * 1024];

async function* failingAfter(length: number, error: unknown): AsyncGenerator<Uint8Array> {
  for (let left = length; left > 0; left -= 512 * 1024) yield bytesOf(Math.min(left, 512 * 1024));
  throw error;
}

/** That a body that fails leaves no trace, and its error arrives as it was thrown. */
export function failing({ test }: StorageHarness): void {
  for (const length of LENGTHS) {
    test(`a body that fails after ${length} bytes leaves the key as it was`, async ({ storage }) => {
      const error = new TypeError("the source broke");
      await storage.put("there", bytesOf(10));
      for (const ifAbsent of [false, true]) {
        expect(await failureOf(storage.put("absent/a", failingAfter(length, error), { ifAbsent }))).toBe(error);
      }
      expect(await failureOf(storage.put("there", failingAfter(length, error)))).toBe(error);
      await expectObject(storage, "there", bytesOf(10));
      expect(await keysOf(storage)).toEqual(["there"]);
      await storage.put("absent/a", bytesOf(5));
      await expectObject(storage, "absent/a", bytesOf(5));
    });
  }

  test("a system error of the body is the body's, not the storage's", async ({ storage }) => {
    const error = Object.assign(new Error("ENOENT: gone"), { code: "ENOENT", syscall: "read", errno: -2 });
    expect(await failureOf(storage.put("a", failingAfter(10, error)))).toBe(error);
    expect(await storage.stat("a")).toBeNull();
  });
}
