import { randomBytes } from "node:crypto";
import { isLifeboatError } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Codec, openCodec, setupCodec } from "../src/index.ts";

const codecs: readonly (readonly [string, () => Promise<Codec>])[] = [
  ["zstd", async () => openCodec(await setupCodec("zstd", 1))],
  ["gzip", async () => openCodec(await setupCodec("gzip", 1))],
];

describe.each(codecs)("A %s frame", (_name, open) => {
  it("gives back what went in, whatever it was", async () => {
    const codec = await open();
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (plain) => {
        const frame = codec.compress(plain).slice();
        expect(Buffer.compare(codec.expand(frame, plain.length), plain)).toBe(0);
      }),
    );
  });

  it("expands into the memory that it is given", async () => {
    const codec = await open();
    const plain = Buffer.from("Women and children first. ".repeat(4000));
    const into = new Uint8Array(plain.length);
    expect(codec.expand(codec.compress(plain).slice(), plain.length, into)).toBe(into);
    expect(Buffer.compare(into, plain)).toBe(0);
  });

  it("is of stored bytes where compressing does not pay, and the caller may keep those itself", async () => {
    const codec = await open();
    const noise = randomBytes(512 * 1024);
    expect(codec.tryCompress(noise)).toBeNull();
    const frame = codec.compress(noise).slice();
    expect(frame.length).toBeLessThan(noise.length * 1.001);
    expect(Buffer.compare(codec.expand(frame, noise.length), noise)).toBe(0);
    expect(codec.tryCompress(Buffer.alloc(512 * 1024, "text"))?.length).toBeLessThan(10_000);
  });

  it("is refused where it is cut off, altered, or expands to more or less than was promised", async () => {
    const codec = await open();
    const plain = Buffer.from("Women and children first. ".repeat(40));
    const frame = codec.compress(plain).slice();
    const wrong: [Uint8Array, number][] = [
      [frame, plain.length - 1],
      [frame, plain.length + 1],
      [new Uint8Array(0), plain.length],
      ...Array.from(frame, (_, length): [Uint8Array, number] => [frame.subarray(0, length), plain.length]),
    ];
    for (const [bytes, size] of wrong) expect(codeOf(() => codec.expand(bytes, size))).toBe("CORRUPT");
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (isLifeboatError(error)) return error.code;
    throw error;
  }
  return "nothing";
}
