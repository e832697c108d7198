import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunkIds } from "../src/lib/id.ts";
import { BodyBuilder, chunksOfBody, decodeReferences, encodeReferences } from "../src/lib/list/references.ts";
import { type Body, RefList, type Refs, refId, refsLength } from "../src/lib/list/refs.ts";
import { chunkIdKey } from "../src/lib/site-key.ts";
import { hex, KEY } from "./support.ts";

const id = chunkIds(chunkIdKey(KEY));

function listOf(lengths: readonly number[], seed = 0): RefList {
  const refs = new RefList();
  lengths.forEach((length, n) => {
    refs.add(length, id(Buffer.from(`${seed} ${n}`)));
  });
  return refs;
}

/** A store of chunks in memory, and a body made with it. */
async function bodyOf(refs: Refs): Promise<{ body: Body; chunks: Map<string, Uint8Array> }> {
  const chunks = new Map<string, Uint8Array>();
  const builder = new BodyBuilder(async (chunk) => {
    chunks.set(hex(id(chunk)), chunk.slice());
    return id(chunk);
  });
  for (let n = 0; n < refs.count; n++) await builder.add(refs.lengths[n] ?? 0, refId(refs, n));
  return { body: await builder.end(), chunks };
}

async function expand(body: Body, chunks: ReadonlyMap<string, Uint8Array>): Promise<string[]> {
  const found: string[] = [];
  const read = async (one: Uint8Array) => chunks.get(hex(one)) ?? new Uint8Array(0);
  for await (const refs of chunksOfBody(body, read)) {
    for (let n = 0; n < refs.count; n++) found.push(`${refs.lengths[n]} ${hex(refId(refs, n))}`);
  }
  return found;
}

test("up to 64 references stand in the row itself", async () => {
  for (const count of [0, 1, 64]) {
    const { body, chunks } = await bodyOf(listOf(Array<number>(count).fill(5)));
    expect(body.depth).toBe(0);
    expect(body.refs.count).toBe(count);
    expect(chunks.size).toBe(0);
  }
});

test("more of them go into chunks of references, from which they all come back in order", async () => {
  for (const count of [65, 127, 128, 129, 3000, 100_000]) {
    const refs = listOf(Array.from({ length: count }, (_, n) => 1 + (n % 1000)));
    const { body, chunks } = await bodyOf(refs);
    expect(body.depth).toBeGreaterThan(0);
    expect(body.refs.count).toBeLessThanOrEqual(64);
    expect(refsLength(body.refs)).toBe(refsLength(refs));
    const all = Array.from({ length: count }, (_, n) => `${refs.lengths[n]} ${hex(refId(refs, n))}`);
    expect(await expand(body, chunks)).toEqual(all);
  }
});

test("a change in a huge file makes only some chunks of references anew", async () => {
  const lengths = Array<number>(50_000).fill(70_000);
  const before = await bodyOf(listOf(lengths));
  const changed = new RefList();
  const all = listOf(lengths);
  for (let n = 0; n < all.count; n++) {
    changed.add(70_000, refId(all, n));
    if (n === 20_000) changed.add(4, id(Buffer.from("inserted")));
  }
  const after = await bodyOf(changed);
  const fresh = [...after.chunks.keys()].filter((key) => !before.chunks.has(key));
  expect(before.chunks.size).toBeGreaterThan(20);
  expect(fresh.length).toBeLessThanOrEqual(3);
});

const SOUND = encodeReferences(listOf([10, 20])).slice();
const set = (at: number, value: number) => {
  const chunk = SOUND.slice();
  chunk[at] = value;
  return chunk;
};
const NEGATIVE: Readonly<Record<string, { chunk: Uint8Array; depth?: number; length?: number; code?: string }>> = {
  "a newer version": { chunk: set(0, 2), code: "UNSUPPORTED" },
  "version 0": { chunk: set(0, 0) },
  "a kind": { chunk: set(1, 1) },
  "reserved bytes in use": { chunk: set(2, 1) },
  "no reference": { chunk: Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0), length: 0 },
  "more references than it has bytes for": { chunk: set(7, 3) },
  "fewer references than it has bytes for": { chunk: set(7, 1) },
  "more references than one chunk has": {
    chunk: Buffer.concat([Buffer.from("0100000000002001", "hex"), new Uint8Array(8193 * 40)]),
  },
  "a reference to nothing": { chunk: set(15, 0), length: 20 },
  "a chunk of more than 16 MiB": { chunk: set(12, 2), length: 2 * 2 ** 24 + 30 },
  "lengths that do not sum up": { chunk: SOUND, length: 31 },
  "a length beyond what numbers tell": { chunk: set(8, 255) },
  "a byte too many": { chunk: Buffer.concat([SOUND, Uint8Array.of(0)]) },
};

describe("a chunk of references is refused with", () => {
  for (const [what, { chunk, depth = 1, length = 30, code = "CORRUPT" }] of Object.entries(NEGATIVE)) {
    test(what, () => {
      expect(() => decodeReferences(chunk, depth, length)).toThrow(expect.objectContaining({ code }));
    });
  }

  test("any end cut off", () => {
    expect(decodeReferences(SOUND, 1, 30).count).toBe(2);
    for (let length = 0; length < SOUND.length; length++) {
      expect(() => decodeReferences(SOUND.subarray(0, length), 1, 30)).toThrow(
        expect.objectContaining({ code: "CORRUPT" }),
      );
    }
  });
});

test("any bytes are a chunk of references or refused, never a crash", () => {
  const chunk = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.uint8Array({ maxLength: 200 }).map((rest) => Buffer.concat([Buffer.from("01000000000000", "hex"), rest])),
    fc.tuple(fc.nat(SOUND.length - 1), fc.nat(255)).map(([at, value]) => set(at, value)),
  );
  fc.assert(
    fc.property(chunk, fc.integer({ min: 1, max: 4 }), fc.nat(100), (some, depth, length) => {
      try {
        decodeReferences(some, depth, length);
      } catch (error) {
        expect(["CORRUPT", "UNSUPPORTED"]).toContain((error as { code?: string }).code);
      }
    }),
  );
});
