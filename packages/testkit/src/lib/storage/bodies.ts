import { expect } from "vitest";
import { bytesOf, inPieces, read } from "../helpers.ts";
import { expectObject, type StorageHarness } from "./harness.ts";

const MIB = 1024 * 1024;
/** Zero, one, and the sizes at which storages change their ways: buffers, parts. */
const SIZES = [0, 1, 65_536, MIB - 1, MIB, MIB + 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1];

/** That the bytes that come out are those that went in. */
export function bodies({ test }: StorageHarness): void {
  for (const size of SIZES) {
    test(`${size} bytes come back as they were, from an array and from pieces`, async ({ storage }) => {
      const bytes = bytesOf(size);
      const info = await storage.put("array", bytes);
      expect(info).toMatchObject({ key: "array", size });
      expect(await storage.put("pieces", inPieces(bytes, 99_991))).toMatchObject({ key: "pieces", size });
      await expectObject(storage, "array", bytes);
      await expectObject(storage, "pieces", bytes);
    });
  }

  test("a body of tiny and empty pieces comes back whole", async ({ storage }) => {
    const bytes = bytesOf(20_000);
    async function* tiny() {
      yield new Uint8Array();
      yield* inPieces(bytes, 1);
      yield new Uint8Array();
    }
    await storage.put("a", tiny());
    await expectObject(storage, "a", bytes);
    await storage.put("a", inPieces(bytes, 7));
    await expectObject(storage, "a", bytes);
  });

  test("a body of large, small and large pieces keeps its order", async ({ storage }) => {
    const sizes = [3 * MIB, 10, 300_000, 1, 6 * MIB, 0, 262_144, 262_143, 5];
    const parts = sizes.map((size, index) => bytesOf(size, index + 1));
    async function* mixed() {
      yield* parts;
    }
    await storage.put("a", mixed());
    await expectObject(storage, "a", Buffer.concat(parts));
  });

  test("a body without pieces is an empty object", async ({ storage }) => {
    async function* nothing(): AsyncGenerator<Uint8Array> {}
    expect((await storage.put("a", nothing())).size).toBe(0);
    expect(await storage.stat("a")).toMatchObject({ key: "a", size: 0 });
    expect((await read(storage.get("a"))).length).toBe(0);
  });

  test("a body may fill the same buffer again", async ({ storage }) => {
    const buffer = Buffer.alloc(300_000);
    async function* reusing() {
      for (let value = 0; value < 20; value += 1) {
        yield buffer.fill(value).subarray(0, value % 2 === 0 ? 300_000 : 1000);
      }
      buffer.fill(255);
    }
    const expected = Array.from({ length: 20 }, (_, value) => Buffer.alloc(value % 2 === 0 ? 300_000 : 1000, value));
    await storage.put("a", reusing());
    await expectObject(storage, "a", Buffer.concat(expected));
  });

  test("an array that is a view of a larger one is stored without its surroundings", async ({ storage }) => {
    const whole = bytesOf(3000);
    await storage.put("a", whole.subarray(1000, 2000));
    await expectObject(storage, "a", whole.subarray(1000, 2000));
  });

  test("the pieces of a read belong to the reader", async ({ storage }) => {
    const bytes = bytesOf(3 * MIB);
    await storage.put("a", bytes);
    const kept: Uint8Array[] = [];
    for await (const piece of storage.get("a")) {
      kept.push(Uint8Array.from(piece));
      piece.fill(0);
    }
    expect(Buffer.concat(kept).equals(bytes)).toBe(true);
    await expectObject(storage, "a", bytes);
  });

  test("a put replaces what was there, shorter or longer", async ({ storage }) => {
    for (const size of [100, 2 * MIB, 0, 10]) {
      const bytes = bytesOf(size, size + 1);
      await storage.put("a", bytes);
      await expectObject(storage, "a", bytes);
      expect(await storage.stat("a")).toMatchObject({ key: "a", size });
    }
  });

  test("the time of writing is told, and does not run backwards", async ({ storage }) => {
    const first = await storage.put("a", bytesOf(1));
    const second = await storage.put("a", bytesOf(2));
    for (const { modified } of [first, second]) expect(Number.isNaN(modified.getTime())).toBe(false);
    expect(second.modified.getTime()).toBeGreaterThanOrEqual(first.modified.getTime());
    const stated = await storage.stat("a");
    expect(Math.abs((stated?.modified.getTime() ?? 0) - second.modified.getTime())).toBeLessThan(60_000);
  });
}
