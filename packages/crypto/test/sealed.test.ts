import { createHash, randomBytes } from "node:crypto";
import { isLifeboatError } from "@lifeboat/contracts";
import {
  beginSeal,
  createSiteKey,
  openBytes,
  openSealed,
  parseHeader,
  type RandomReader,
  SealedKind,
  sealBytes,
  sealStream,
  unsealStream,
} from "@lifeboat/crypto";
import { portableCrypto } from "@lifeboat/crypto/portable";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, pieces, readerOf } from "./helpers.ts";

const siteKey = createSiteKey();
const noKeyBlock = new Uint8Array(0);

function seal(content: Uint8Array, options: { segmentBytes?: number; suite?: 1 | 2; piece?: number } = {}) {
  const { segmentBytes = 1000, suite = 1, piece = 700 } = options;
  const begin = { kind: SealedKind.pack, suite, siteKey, keyBlock: noKeyBlock, segmentBytes };
  return collect(sealStream(pieces(content, piece), begin));
}

describe("a sealed stream", () => {
  it("gives back what went in, whatever the sizes of content, segments and pieces", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 1, max: 2000 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom(1 as const, 2 as const),
        async (content, segmentBytes, piece, suite) => {
          const sealed = await seal(content, { segmentBytes, suite, piece });
          expect(await collect(unsealStream(pieces(sealed, piece), siteKey))).toEqual(content);
          expect(openBytes(sealed, siteKey)).toEqual(content);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("holds nothing of its content in the clear", async () => {
    const sealed = await seal(new Uint8Array(4000).fill(0x41));
    expect(Buffer.from(sealed).includes("AAAA")).toBe(false);
  });

  it("differs each time it is sealed", async () => {
    const content = randomBytes(10);
    expect(await seal(content)).not.toEqual(await seal(content));
  });

  it("passes an error of the input through and closes it when the reader leaves", async () => {
    const broken = (async function* () {
      yield new Uint8Array(10);
      throw new Error("the disk is gone");
    })();
    const begin = { kind: SealedKind.pack, suite: 1, siteKey, keyBlock: noKeyBlock } as const;
    await expect(collect(sealStream(broken, begin))).rejects.toThrow("the disk is gone");

    let closed = false;
    const sealed = await seal(new Uint8Array(5000));
    const input = (async function* () {
      try {
        yield* pieces(sealed, 100);
      } finally {
        closed = true;
      }
    })();
    for await (const _ of unsealStream(input, siteKey)) break;
    expect(closed).toBe(true);
  });

  it("stops with the signal's reason", async () => {
    const sealed = await seal(new Uint8Array(5000));
    const stop = new AbortController();
    const reason = new Error("enough");
    const reading = (async () => {
      for await (const _ of unsealStream(pieces(sealed, 100), siteKey, { signal: stop.signal })) stop.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    await expect(collect(unsealStream(pieces(sealed, 100), siteKey, { signal: stop.signal }))).rejects.toBe(reason);
  });

  it("is not read as another kind than the one asked for", async () => {
    const sealed = await seal(new Uint8Array(10));
    const reading = collect(unsealStream(pieces(sealed, 100), siteKey, { kind: SealedKind.index }));
    await expect(reading).rejects.toSatisfy((e) => isLifeboatError(e, "INCOMPATIBLE"));
  });
});

describe("a sealed object read at random", () => {
  it("gives any segment, in any order, with at most as many reads under way as asked for", async () => {
    const content = randomBytes(10_500);
    const sealed = await seal(content);
    const counted = counting(readerOf(sealed));
    const open = await openSealed(counted.reader, siteKey);
    expect(counted.reads).toBe(2);
    expect(open.table.rows.map((row) => row.length)).toEqual([...Array(10).fill(1000), 500]);
    expect(Buffer.from(await open.segment(10))).toEqual(content.subarray(10_000));
    const order = [7, 0, 3, 3, 10, 9, 1];
    const got = [];
    for await (const piece of open.segments(order, { concurrency: 3 })) got.push(piece);
    expect(got.map((piece) => Buffer.from(piece))).toEqual(
      order.map((i) => content.subarray(i * 1000, i * 1000 + 1000)),
    );
    expect(counted.most).toBe(3);
    await expect(open.segment(11)).rejects.toSatisfy((e) => isLifeboatError(e, "INVALID"));
  });

  it("reads a long table and a long header too", async () => {
    const keyBlock = randomBytes(60_000);
    const content = randomBytes(9000);
    const begin = { kind: SealedKind.pack, suite: 2, siteKey, keyBlock, segmentBytes: 1 } as const;
    const sealed = await collect(sealStream(pieces(content, 9000), begin));
    const open = await openSealed(readerOf(sealed), siteKey);
    expect(open.header.keyBlock).toEqual(Uint8Array.from(keyBlock));
    expect(await open.segment(8999)).toEqual(Uint8Array.from(content.subarray(8999)));
    expect(await collect(unsealStream(pieces(sealed, 1), siteKey))).toEqual(Uint8Array.from(content));
  });

  it("stops the reads that are under way when the reader leaves", async () => {
    const sealed = await seal(randomBytes(10_500));
    const aborted: boolean[] = [];
    const base = readerOf(sealed);
    const slow: RandomReader = {
      size: base.size,
      async read(span, options) {
        const bytes = await base.read(span, options);
        if (span.end - span.start === 1020 && span.start > 96) {
          await new Promise((resolve) => options?.signal?.addEventListener("abort", resolve));
          aborted.push(true);
        }
        return bytes;
      },
    };
    const open = await openSealed(slow, siteKey);
    for await (const _ of open.segments([0, 1, 2, 3], { concurrency: 4 })) break;
    expect(aborted).toEqual([true, true, true]);
  });

  it("notices an object that shrank", async () => {
    const sealed = await seal(randomBytes(3000));
    const shrunk = { ...readerOf(sealed.subarray(0, 500)), size: sealed.length };
    const opening = openSealed(shrunk, siteKey);
    await expect(opening).rejects.toSatisfy((e) => isLifeboatError(e, "CORRUPT"));
  });
});

describe("the portable implementation", () => {
  it("opens what the fast one sealed, and the reverse", async () => {
    const portable = portableCrypto();
    for (const suite of [1, 2] as const) {
      const plaintext = Uint8Array.from(randomBytes(3000));
      expect(portable.openBytes(sealBytes({ siteKey, suite, plaintext }), siteKey)).toEqual(plaintext);
      expect(openBytes(portable.sealBytes({ siteKey, suite, plaintext }), siteKey)).toEqual(plaintext);
      expect(portable.parseHeader(beginSeal({ kind: 1, suite, siteKey, keyBlock: noKeyBlock }).header)).toBeDefined();
    }
    expect(createHash("sha256").update("x").digest().length).toBe(32);
    expect(() => parseHeader(new Uint8Array(3))).toThrow();
  });
});

function counting(base: RandomReader) {
  const counted = {
    reads: 0,
    most: 0,
    reader: {
      size: base.size,
      async read(...args: Parameters<RandomReader["read"]>) {
        counted.reads++;
        underWay++;
        counted.most = Math.max(counted.most, underWay);
        await new Promise((resolve) => setImmediate(resolve));
        underWay--;
        return base.read(...args);
      },
    } satisfies RandomReader,
  };
  let underWay = 0;
  return counted;
}
