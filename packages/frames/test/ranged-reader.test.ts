import { type GetOptions, LifeboatError, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, it } from "vitest";
import { RangedReader, RoomPool } from "../src/index.ts";

const MIB = 1024 * 1024;

function counting(storage: Storage): { storage: Storage; ranges: GetOptions["range"][] } {
  const ranges: GetOptions["range"][] = [];
  const get: Storage["get"] = (key, options) => {
    ranges.push(options?.range);
    return storage.get(key, options);
  };
  return { ranges, storage: Object.assign(Object.create(storage) as Storage, { get }) };
}

async function reading(lengths: readonly number[], stored = lengths.reduce((sum, one) => sum + one, 0)) {
  const bytes = new Uint8Array(stored).map((_, n) => (n * 31) >> 3);
  const inner = memoryStorage();
  await inner.put("object", bytes);
  let offset = 0;
  const segments = lengths.map((storedLength) => {
    offset += storedLength;
    return { offset: offset - storedLength, storedLength };
  });
  const { storage, ranges } = counting(inner);
  const damaged = (message: string) => new LifeboatError({ code: "CORRUPT", operation: "test", message });
  const rooms = new RoomPool(2, MIB);
  const reader = new RangedReader({ storage, object: { key: "object", segments }, rooms, damaged });
  const expected = (n: number) => {
    const place = segments[n] ?? { offset: 0, storedLength: 0 };
    return bytes.slice(place.offset, place.offset + place.storedLength);
  };
  return { reader, ranges, expected };
}

it("Neighbouring segments come with one request, and small gaps are read through", async () => {
  const { reader, ranges, expected } = await reading([10, 2000, 500, 7]);
  for (const n of [0, 2, 3]) expect(await reader.read(n, 3)).toEqual(expected(n));
  await reader.close();
  expect(ranges).toEqual([{ start: 0, end: 2517 }]);
});

it("A large gap is left out by another request", async () => {
  const { reader, ranges, expected } = await reading([10, 2 * MIB, 500]);
  expect(await reader.read(0, 0)).toEqual(expected(0));
  expect(await reader.read(2, 2)).toEqual(expected(2));
  await reader.close();
  expect(ranges).toHaveLength(2);
});

it("An object that ends too early, or lacks a segment, is damaged; the next request begins anew", async () => {
  const { reader, expected } = await reading([10, 20, 30], 25);
  await expect(reader.read(1, 2)).rejects.toMatchObject({
    code: "CORRUPT",
    message: "it ends at byte 25, before byte 30",
  });
  await expect(reader.read(3, 3)).rejects.toMatchObject({ code: "CORRUPT" });
  expect(await reader.read(0, 0)).toEqual(expected(0));
  await reader.close();
});
