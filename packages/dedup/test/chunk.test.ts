import fc from "fast-check";
import { expect, test } from "vitest";
import { gearModule } from "../scripts/gear-module.ts";
import { StreamCutter } from "../src/lib/chunk/chunk-stream.ts";
import { type Candidate, selectCuts } from "../src/lib/chunk/cut-selector.ts";
import { createCutter } from "../src/lib/chunk/cutter.ts";
import { type Finder, plainFinder } from "../src/lib/chunk/finder.ts";
import { wasmFinder } from "../src/lib/chunk/finder-wasm.ts";
import { gearTable, WINDOW } from "../src/lib/chunk/gear-table.ts";
import { GEAR_WASM } from "../src/lib/chunk/gear-wasm.ts";
import { type ChunkProfile, cutMasks, DEFAULT_PROFILE, isChunkProfile } from "../src/lib/chunk/profile.ts";
import { chunkTableSeed } from "../src/lib/site-key.ts";
import { exampleBody, hex, KEY } from "./support.ts";

const CAPACITY = 1 << 20;
const table = gearTable(new Uint8Array(32));
const plain = plainFinder(table, CAPACITY);
const wasm = wasmFinder(table, CAPACITY);
const SMALL: ChunkProfile = { min: 64, average: 4096, max: 16_384 };

/** The definition, word by word, with nothing shared with the code. */
function cutsByDefinition({ min, average, max }: ChunkProfile, b: Uint8Array): number[] {
  const bits = Math.log2(average);
  const cuts: number[] = [];
  const hash = (end: number) => {
    let sum = 0n;
    for (let i = 0; i < WINDOW; i++) sum += BigInt(table[b[end - 1 - i] ?? 0] ?? 0) << BigInt(i);
    return BigInt.asUintN(32, sum);
  };
  for (let s = 0; s < b.length; ) {
    let e = Math.min(s + max, b.length);
    if (!(s === 0 && b.length <= average)) {
      for (let end = s + min; end < e; end++) {
        const zeros = end - s < average ? bits + 2 : bits - 2;
        if (hash(end) >> BigInt(32 - zeros) === 0n) e = end;
      }
    }
    cuts.push(e);
    s = e;
  }
  return cuts;
}

function cuts(profile: ChunkProfile, finder: Finder, body: Uint8Array): number[] {
  finder.bytes.set(body);
  const cutter = createCutter(profile, finder);
  const found: number[] = [];
  for (let start = 0; start < body.length; ) {
    start = cutter.cut(start, body.length, start === 0, true);
    found.push(start);
  }
  return found;
}

function streamed(profile: ChunkProfile, finder: Finder, body: Uint8Array, sizes: readonly number[]): number[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0, n = 0; at < body.length; n++) {
    const size = sizes[n % sizes.length] ?? 1;
    pieces.push(body.subarray(at, at + size));
    at += size;
  }
  let at = 0;
  const cutter = new StreamCutter(profile, finder);
  const chunks = function* () {
    for (const piece of pieces) yield* cutter.push(piece);
    yield* cutter.end();
  };
  return [...chunks()].map((chunk) => {
    expect(Buffer.compare(chunk, body.subarray(at, at + chunk.length))).toBe(0);
    at += chunk.length;
    return at;
  });
}

/** As several threads would: each scans a stretch of its own, with the 32 bytes before it. */
function inParallel(profile: ChunkProfile, finder: Finder, body: Uint8Array, span: number): number[] {
  const { strict, loose } = cutMasks(profile);
  const candidates: Candidate[] = [];
  for (let from = WINDOW; from < body.length; from += span) {
    const to = Math.min(from + span, body.length);
    const stretch = body.subarray(from - WINDOW, to);
    finder.bytes.set(stretch);
    const out = new Uint32Array(span);
    const exact = new Set<number>();
    const marks = new Uint32Array(span);
    const strictCount = finder.scan(WINDOW, stretch.length, strict, marks);
    for (let n = 0; n < strictCount; n++) exact.add(marks[n] ?? 0);
    const count = finder.scan(WINDOW, stretch.length, loose, out);
    for (let n = 0; n < count; n++) {
      const end = out[n] ?? 0;
      candidates.push({ end: end + from - WINDOW, strict: exact.has(end) });
    }
  }
  return selectCuts(profile, body.length, candidates);
}

/** Bodies with noise, runs of one byte, and repeated text: where rolling hashes behave differently. */
const body = fc
  .array(fc.record({ kind: fc.constantFrom("noise", "run", "text"), size: fc.nat(30_000), seed: fc.nat(2 ** 31) }), {
    maxLength: 6,
  })
  .map((parts) => Buffer.concat(parts.map(({ kind, size, seed }) => part(kind, size, seed))));

function part(kind: string, size: number, seed: number): Uint8Array {
  let state = seed | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 24;
  };
  if (kind === "run") return new Uint8Array(size).fill(seed & 255);
  const period = Uint8Array.from({ length: kind === "text" ? 1 + (seed % 700) : size }, next);
  return kind === "text" ? Uint8Array.from({ length: size }, (_, i) => period[i % period.length] ?? 0) : period;
}

const profile = fc
  .record({ bits: fc.integer({ min: 12, max: 16 }), min: fc.nat(4032), more: fc.nat(60_000) })
  .map(({ bits, min, more }) => ({ min: 64 + min, average: 2 ** bits, max: 2 ** bits + more }))
  .filter(isChunkProfile);

test("both chunkers cut at exactly the same places, whole, in pieces, and by stretches", () => {
  fc.assert(
    fc.property(
      body,
      profile,
      fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 5 }),
      (bytes, sizes, pieces) => {
        const expected = cuts(sizes, plain, bytes);
        expect(cuts(sizes, wasm, bytes)).toEqual(expected);
        expect(streamed(sizes, plain, bytes, pieces)).toEqual(expected);
        expect(streamed(sizes, wasm, bytes, pieces)).toEqual(expected);
        expect(inParallel(sizes, wasm, bytes, 1 + (pieces[0] ?? 0))).toEqual(expected);
        expect(inParallel(sizes, plain, bytes, 1 + (pieces[0] ?? 0))).toEqual(expected);
      },
    ),
    { numRuns: 150 },
  );
});

test("they cut where the specification says", () => {
  fc.assert(
    fc.property(
      body.map((bytes) => bytes.subarray(0, 25_000)),
      (bytes) => {
        expect(cuts(SMALL, wasm, bytes)).toEqual(cutsByDefinition(SMALL, bytes));
      },
    ),
    { numRuns: 20 },
  );
});

test("the ends found are those of the definition, from any place on", () => {
  fc.assert(
    fc.property(body, fc.nat(2000), fc.integer({ min: 1, max: 20 }), (bytes, from, bits) => {
      plain.bytes.set(bytes);
      wasm.bytes.set(bytes);
      const mask = (-1 << (32 - bits)) >>> 0;
      const [a, b] = [new Uint32Array(5000), new Uint32Array(5000)];
      const count = plain.scan(32 + from, bytes.length, mask, a);
      expect(wasm.scan(32 + from, bytes.length, mask, b)).toBe(count);
      expect(Buffer.compare(Buffer.from(a.buffer), Buffer.from(b.buffer))).toBe(0);
      if (32 + from < bytes.length) {
        expect(wasm.find(32 + from, bytes.length, mask)).toBe(count > 0 ? a[0] : bytes.length);
      }
    }),
    { numRuns: 100 },
  );
});

test("after an insertion the cuts are the same again", () => {
  const bytes = part("noise", 900_000, 7);
  const before = cuts(DEFAULT_PROFILE, wasm, bytes);
  const edited = Buffer.concat([bytes.subarray(0, 300_000), Buffer.from("inserted"), bytes.subarray(300_000)]);
  const after = new Set(cuts(DEFAULT_PROFILE, wasm, edited).map((end) => end - 8));
  const late = before.filter((end) => end > 700_000);
  expect(late.length).toBeGreaterThan(1);
  expect(late.every((end) => after.has(end))).toBe(true);
});

test("a body of up to the average size is one chunk", () => {
  for (const size of [1, 63, 16_384, 65_536]) {
    expect(cuts(DEFAULT_PROFILE, wasm, part("noise", size, size))).toEqual([size]);
  }
});

test("the module in the source is what the assembler makes", () => {
  expect(GEAR_WASM).toBe(Buffer.from(gearModule()).toString("base64"));
});

test("the specification's example is cut where it says", () => {
  const TABLES = {
    bfa6f6b9e2709bfbc6abaf5260c8d4cccdbcfb423c4ab17279147c4d4a89fb4c: {
      key: KEY.siteKey,
      table: ["32cf2a4d", "670eba0e", "4d99c6dc", "cfae0e91", "a779d1b7"],
      ends: [73621, 171832, 257874, 368329, 494477, 579714, 700550, 770454, 837143, 919370, 989443, 1000000],
    },
    "31c8726ed9cfa9cb3a0ffc56405a92dd6f625d76c3b757a76a5cabf3f7b54b06": {
      key: new Uint8Array(32),
      table: ["89e6eef5", "e51e1685", "638136ac", "1de6a6a4", "1e74f4f9"],
      ends: [68144, 142944, 237414, 318552, 384137, 469639, 564642, 636924, 738929, 805417, 878548, 959640, 1000000],
    },
  };
  for (const [seed, { key, table: numbers, ends }] of Object.entries(TABLES)) {
    const found = chunkTableSeed({ siteKey: key, suite: 1 });
    expect(hex(found)).toBe(seed);
    const gear = gearTable(found);
    expect([0, 1, 2, 3, 255].map((n) => (gear[n] ?? 0).toString(16).padStart(8, "0"))).toEqual(numbers);
    expect(cuts(DEFAULT_PROFILE, wasmFinder(gear, CAPACITY), exampleBody())).toEqual(ends);
  }
});
