import fc from "fast-check";
import { expect } from "vitest";
import { codePoint } from "../code-point.ts";
import { bytesOf, read } from "../helpers.ts";
import { expectFailure, expectObject, keysOf, type StorageHarness } from "./harness.ts";

const SIZE = 300_007;
const PLAIN = /^[^\p{Cc}\p{Cs}\\/]+$/u;

const segment = fc
  .string({ unit: codePoint, minLength: 1, maxLength: 40 })
  .filter((text) => PLAIN.test(text) && text !== "." && text !== "..");
const key = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("/"));

/** Names that programs, file systems and languages have taken for something else. */
const TAKEN = [
  ["__proto__", "constructor", "hasOwnProperty", "toString"],
  ["CON", "nul", "aux.txt", "com1", "desktop.ini", "Thumbs.db"],
  ["a%2Fb", "a%252Fb", "%00", "%", "%zz", "a/b"],
  ["+", "a+b", "a b", "a%20b", "a%2Bb"],
  ["\u00c5", "A\u030a", "\u212b", "\ufb01", "fi", "ﬀ"],
  ["\u1100\u1161\u11a8", "\uac01", "\u0130", "i\u0307", "ß", "SS", "ss"],
  ["a.", "a..", "a", " a", "a ", "...", "-", "--", "~", "#", "?", "a?b", "a#b", "a;b", "a&b=c"],
  ["\u200b", "\ufeff", "\u00a0", "\u202e", "\u{10ffff}", "\ufffd", "\u2028"],
  [".tmp", "x.tmp", ".part", "a~", ".DS_Store", ".nfs0001", "lost+found2"],
];

/** That what nobody thought of works too: random keys, pieces and ranges. */
export function arbitrary({ test, scaled }: StorageHarness): void {
  for (const keys of TAKEN) {
    test(`each of ${keys.map(printable).join(" ")} is a key of its own`, async ({ storage }) => {
      const nested = keys.map((one) => `in/${one}`);
      for (const [index, one] of nested.entries()) await storage.put(one, bytesOf(index + 1, index + 1));
      expect(await keysOf(storage)).toEqual([...nested].sort());
      for (const [index, one] of nested.entries()) {
        await expectObject(storage, one, bytesOf(index + 1, index + 1));
        expect(await storage.stat(one)).toMatchObject({ key: one, size: index + 1 });
        expect(await keysOf(storage, one)).toContain(one);
      }
      await storage.delete(nested);
      expect(await keysOf(storage)).toEqual([]);
    });
  }

  test("a segment of the greatest length works, a longer one is refused", async ({ storage }) => {
    const { maxKeyBytes, maxSegmentBytes } = storage.capabilities;
    const longest = maxSegmentBytes ?? maxKeyBytes - 2;
    for (const one of ["x".repeat(longest), `${"é".repeat(Math.floor(longest / 2))}`]) {
      await storage.put(`a/${one}`, bytesOf(5));
      await expectObject(storage, `a/${one}`, bytesOf(5));
      await storage.delete([`a/${one}`]);
    }
    const tooLong = `a/${"x".repeat(longest + 1)}`;
    await expectFailure(storage.put(tooLong, bytesOf(5)), "INVALID", { operation: "storage.put", key: tooLong });
  });

  test("any valid key is kept as it is", async ({ storage }) => {
    const property = fc.asyncProperty(key, fc.integer({ min: 1, max: 99 }), async (one, seed) => {
      await storage.put(one, bytesOf(seed, seed));
      expect(await keysOf(storage)).toEqual([one]);
      expect(await storage.stat(one)).toMatchObject({ key: one, size: seed });
      await expectObject(storage, one, bytesOf(seed, seed));
      await storage.delete([one]);
    });
    await fc.assert(property, { numRuns: scaled(60, 10), endOnFailure: true });
    expect(await keysOf(storage)).toEqual([]);
  });

  test("however a body is cut into pieces, it comes back whole", async ({ storage }) => {
    const bytes = bytesOf(SIZE);
    const cuts = fc.array(fc.nat(SIZE), { maxLength: 30 });
    const property = fc.asyncProperty(cuts, async (places) => {
      const edges = [0, ...places.toSorted((a, b) => a - b), SIZE];
      async function* body() {
        for (const [index, edge] of edges.entries()) yield bytes.subarray(edge, edges[index + 1] ?? edge);
      }
      expect((await storage.put("a", body())).size).toBe(SIZE);
      await expectObject(storage, "a", bytes);
    });
    await fc.assert(property, { numRuns: scaled(20, 5), endOnFailure: true });
  });

  test("any range of any object yields what a slice of its bytes would", async ({ storage }) => {
    const bytes = bytesOf(SIZE);
    const sizes = [0, 1, 65_536, SIZE];
    for (const size of sizes) await storage.put(`size/${size}`, bytes.subarray(0, size));
    const place = fc.oneof(fc.nat(SIZE + 10), fc.nat(3), fc.integer({ min: 65_533, max: 65_539 }));
    const property = fc.asyncProperty(fc.constantFrom(...sizes), place, fc.option(place), async (size, start, more) => {
      const end = more === null ? undefined : start + more;
      const found = await read(storage.get(`size/${size}`, { range: { start, end } }));
      expect(found.equals(bytes.subarray(0, size).subarray(start, end))).toBe(true);
    });
    await fc.assert(property, { numRuns: scaled(100, 20), endOnFailure: true });
  });
}

function printable(text: string): string {
  return JSON.stringify(text).replace(/[^ -~]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
