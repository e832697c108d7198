import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PageMemory } from "../src/lib/worker/page-memory.ts";
import type { ChunkChecks } from "../src/lib/worker/unpack.ts";
import { type ChunkWrites, extentsOf, shiftOf, writeExtents, zeroChunks } from "../src/lib/worker/write-chunks.ts";
import { noise } from "./noise.ts";

const NO_FILE = { fd: -1 };

/** Chunks of these lengths, one behind the other in a frame. */
function checksOf(lengths: readonly number[]): ChunkChecks {
  let offset = 0;
  const spans = lengths.flatMap((length) => {
    offset += length;
    return [offset - length, length];
  });
  return { spans: Uint32Array.from(spans), ids: new Uint8Array(32 * lengths.length) };
}

function writesOf(places: readonly (readonly [check: number, position: number])[], file = NO_FILE): ChunkWrites {
  return {
    file,
    checks: Uint32Array.from(places, ([check]) => check),
    positions: Float64Array.from(places, ([, position]) => position),
  };
}

describe("chunks of a frame that go to a file", () => {
  it("are written together where they are neighbours in both", () => {
    const checks = checksOf([10, 20, 30]);
    expect(
      extentsOf(
        checks,
        writesOf([
          [0, 100],
          [1, 110],
          [2, 200],
        ]),
      ),
    ).toEqual([
      { offset: 0, length: 30, position: 100 },
      { offset: 30, length: 30, position: 200 },
    ]);
    const twice = writesOf([
      [1, 0],
      [1, 20],
    ]);
    expect(extentsOf(checks, twice)).toEqual([
      { offset: 10, length: 20, position: 0 },
      { offset: 10, length: 20, position: 20 },
    ]);
  });

  it("are left out where they are not right, or nothing but zeros", () => {
    const checks = checksOf([16_384, 16_384, 100]);
    const bytes = Buffer.concat([Buffer.alloc(16_384), noise(1, 16_384), Buffer.alloc(100)]);
    expect(zeroChunks(bytes, checks)).toEqual([0]);
    const writes = writesOf([
      [0, 0],
      [1, 16_384],
      [2, 32_768],
    ]);
    expect(extentsOf(checks, writes, [0, 2])).toEqual([{ offset: 16_384, length: 16_384, position: 16_384 }]);
  });

  it("lie in memory as they do in the pages of the file, the largest piece of them", () => {
    const extent = (offset: number, length: number, position: number) => ({ offset, length, position });
    expect(shiftOf([])).toBe(0);
    expect(shiftOf([extent(0, 10, 5000)])).toBe(5000 - 4096);
    expect(shiftOf([extent(5000, 10, 0), extent(0, 5, 1)])).toBe(2 * 4096 - 5000);
  });
});

describe("writing them", () => {
  let root = "";
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "lifeboat-write-chunks-"));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  const memory = new PageMemory();
  const cases = fc.record({
    lengths: fc.array(fc.oneof(fc.integer({ min: 1, max: 9_000 }), fc.integer({ min: 250_000, max: 600_000 })), {
      minLength: 1,
      maxLength: 6,
    }),
    gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10_000 })), { minLength: 6, maxLength: 6 }),
    past: fc.boolean(),
  });

  it("puts every byte in its place, past the page cache or through it", () => {
    let run = 0;
    fc.assert(
      fc.property(cases, ({ lengths, gaps, past }) => {
        const path = join(root, String(run++));
        const fd = openSync(path, "w");
        // Another descriptor of the same file is as good for where the bytes go; which disks take O_DIRECT differs.
        const directFd = openSync(path, "r+");
        try {
          const checks = checksOf(lengths);
          const frame = noise(
            run,
            lengths.reduce((sum, length) => sum + length, 0),
          );
          let position = 0;
          const places = lengths.map((length, n) => {
            position += gaps[n] ?? 0;
            position += length;
            return [n, position - length] as const;
          });
          const extents = extentsOf(checks, writesOf(places));
          const shift = shiftOf(extents);
          const bytes = memory.take(frame.length, shift);
          bytes.set(frame);
          writeExtents(bytes, shift, extents, past ? { fd, directFd } : { fd });
          const expected = Buffer.alloc(position);
          for (const [n, at] of places) {
            const [offset = 0, length = 0] = [checks.spans[2 * n], checks.spans[2 * n + 1]];
            expected.set(frame.subarray(offset, offset + length), at);
          }
          expect(readFileSync(path).equals(expected)).toBe(true);
        } finally {
          closeSync(directFd);
          closeSync(fd);
        }
      }),
      { numRuns: 40 },
    );
  });

  it("goes through the page cache where the disk refuses the other way, and then says what is wrong", () => {
    const path = join(root, "refused");
    const fd = openSync(path, "w");
    const readOnly = openSync("/dev/null", "r");
    const full = openSync("/dev/full", "w");
    try {
      const bytes = memory.take(600_000, 0);
      bytes.set(noise(7, 600_000));
      const extents = [{ offset: 0, length: 600_000, position: 0 }];
      writeExtents(bytes, 0, extents, { fd, directFd: readOnly });
      expect(readFileSync(path).equals(bytes)).toBe(true);
      expect(() => writeExtents(bytes, 0, extents, { fd: full, directFd: full })).toThrow("ENOSPC");
    } finally {
      for (const each of [fd, readOnly, full]) closeSync(each);
    }
  });
});
