import fc from "fast-check";

const SURROGATES = { first: 0xd800, count: 0x800 };

/**
 * Any code point, as a text: what fast-check has as the unit `"binary"`, which takes more than a second to set up, in
 * each test file anew.
 */
export const codePoint: fc.Arbitrary<string> = fc
  .integer({ min: 0, max: 0x10ffff - SURROGATES.count })
  .map((n) => String.fromCodePoint(n < SURROGATES.first ? n : n + SURROGATES.count), numberOf);

function numberOf(text: unknown): number {
  const n = typeof text === "string" ? text.codePointAt(0) : undefined;
  if (n === undefined || text !== String.fromCodePoint(n)) throw new Error("Expected one code point.");
  return n < SURROGATES.first ? n : n - SURROGATES.count;
}
