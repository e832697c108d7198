import type { ErrorCode } from "@lifeboat/contracts";
import { concat, fixedSealing, flip, otherKey, siteKey } from "./fixed.ts";
import { forgeHeader, join, makeParts, setU32, stateFor } from "./sealed-parts.ts";
import { negative, type SealedVector } from "./sealed-vector.ts";

const sealing = fixedSealing("headers");

/** Wrong keys, damaged headers, forged headers, newer headers. */
export function headerVectors(suite: 1 | 2): SealedVector[] {
  const parts = makeParts({ name: `headers ${suite}`, suite });
  const whole = join(parts);
  const withHeader = (header: Uint8Array) => join({ ...parts, header });
  const forged = (change: (body: Uint8Array) => void) => withHeader(forgeHeader(parts.header, change));
  const coded = (code: ErrorCode, sealed: Uint8Array) => ({ sealed, code });
  const set = (at: number, value: number) => forged((body) => body.fill(value, at, at + 1));
  const flipped = (at: number) => withHeader(flip(parts.header, at));

  // The holder of the key writes another key block, but reuses segments sealed under the first.
  const otherBlock = forgeHeader(parts.header, (body) => body.fill(0x58, 80, 81));

  return [
    ...negative(parts, suite, "wrong-key", {
      "another site's key": { sealed: whole, code: "WRONG_KEY", key: otherKey },
      "one bit of the key": { sealed: whole, code: "WRONG_KEY", key: flip(siteKey, 31) },
      "a key of zeros": { sealed: whole, code: "WRONG_KEY", key: new Uint8Array(32) },
      "damaged data behind it": { sealed: flip(whole, 120), code: "WRONG_KEY", key: otherKey },
    }),
    ...negative(parts, suite, "corrupt-header", {
      "magic, first byte": flipped(0),
      "magic, last byte": flipped(7),
      version: flipped(8),
      suite: withHeader(flip(parts.header, 9, 0x03)),
      kind: flipped(10),
      "reserved byte": flipped(11),
      "key block length, high byte": flipped(13),
      "key block length, low byte": flipped(15),
      "salt, first byte": flipped(16),
      "salt, last byte": flipped(47),
      "commitment, first byte": flipped(48),
      "commitment, last byte": flipped(79),
      "key block": flipped(80),
      "check, first byte": flipped(-16),
      "check, last byte": flipped(-1),
      "not a sealed object": new TextEncoder().encode("PK\u0003\u0004, which is no sealed object at all. ".repeat(5)),
      "the wrong key as well": { sealed: flipped(50), code: "CORRUPT", key: otherKey },
    }),
    ...negative(parts, suite, "forged-header", {
      "another salt": coded("WRONG_KEY", set(16, 0x5a)),
      "another commitment": coded("WRONG_KEY", set(48, 0x5a)),
      "the other suite": coded("WRONG_KEY", set(9, 3 - suite)),
      "another kind": coded("WRONG_KEY", set(10, 3)),
      "another key block": forged((body) => body.fill(0x58, 80, 81)),
      "a longer key block": coded(
        "WRONG_KEY",
        withHeader(forgeHeader(setU32(concat(parts.header, new Uint8Array(4)), 12, 9), () => undefined)),
      ),
    }),
    ...negative(parts, suite, "unsupported", {
      "version 0": coded("UNSUPPORTED", set(8, 0)),
      "version 2": coded("UNSUPPORTED", set(8, 2)),
      "suite 0": coded("UNSUPPORTED", set(9, 0)),
      "suite 3": coded("UNSUPPORTED", set(9, 3)),
      "kind 0": coded("UNSUPPORTED", set(10, 0)),
      "kind 7": coded("UNSUPPORTED", set(10, 7)),
      "kind 255": coded("UNSUPPORTED", set(10, 255)),
      "reserved byte": coded("UNSUPPORTED", set(11, 1)),
    }),
    ...negative(parts, suite, "other-kind", {
      "a pack instead of an index": { sealed: whole, code: "INCOMPATIBLE", kind: 3 },
    }),
    ...negative(parts, suite, "spliced", {
      "a header with another key block, its segments sealed for it, but the table not": join({
        ...parts,
        header: otherBlock,
        data: parts.content.map((content, i) => sealAs(otherBlock, suite, i, content)),
      }),
    }),
    ...negative(parts, suite, "oversized-length", {
      "key block of 65,537 bytes": concat(setU32(parts.header, 12, 65_537), new Uint8Array(66_000)).subarray(0, 200),
      "key block of 4 GiB": setU32(whole, 12, 0xffff_ffff),
    }),
  ];
}

function sealAs(header: Uint8Array, suite: 1 | 2, index: number, content: Uint8Array): Uint8Array {
  return sealing.sealSegment(stateFor(header, suite), index, false, content);
}
