import { type ErrorCode, isLifeboatError } from "@lifeboat/contracts";
import {
  addSlot,
  beginSeal,
  createDescriptor,
  createSiteKey,
  createSlot,
  decodeTable,
  deriveSubkey,
  encodeDocument,
  encodeKeyBlock,
  encodeTable,
  MAX_KEY_BLOCK_BYTES,
  MAX_SEGMENT_BYTES,
  openBytes,
  openDescriptor,
  openHeader,
  openKeyBlock,
  openSealed,
  parseHeader,
  parseTrailer,
  passphrase,
  rawKey,
  recoveryCode,
  replaceSlot,
  SealedKind,
  type SlotKeyOption,
  sealBytes,
  sealSegment,
  sealStream,
  sealTrailer,
  unencrypted,
} from "@lifeboat/crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collect, pieces, readerOf } from "./helpers.ts";

const siteKey = createSiteKey();
const keyBlock = new Uint8Array(0);
const begin = { kind: SealedKind.pack, suite: 1, siteKey, keyBlock } as const;
const { state } = beginSeal(begin);
const one = new Uint8Array(1);

/** The code that a call fails with. */
async function codeOf(run: () => unknown): Promise<ErrorCode | "none"> {
  try {
    await run();
    return "none";
  } catch (error) {
    if (isLifeboatError(error)) return error.code;
    throw error;
  }
}

describe("an argument that can't be right is refused, and not taken for damage or a wrong key:", () => {
  const raw = rawKey(new Uint8Array(32));
  const cases: Record<string, () => unknown> = {
    "an empty segment": () => sealSegment(state, 0, false, new Uint8Array(0)),
    "a segment over the limit": () => sealSegment(state, 0, false, new Uint8Array(MAX_SEGMENT_BYTES + 1)),
    "a negative segment number": () => sealSegment(state, -1, false, one),
    "a segment number that does not fit": () => sealSegment(state, 2 ** 32, false, one),
    "half a segment number": () => sealSegment(state, 0.5, false, one),
    "a short site key": () => beginSeal({ ...begin, siteKey: new Uint8Array(16) }),
    "a short site key for reading": () => openHeader(parseHeader(beginSeal(begin).header), new Uint8Array(31)),
    "a short site key for a subkey": () => deriveSubkey(new Uint8Array(0), "names"),
    "an unknown suite": () => beginSeal({ ...begin, suite: 3 as 1 }),
    "an unknown kind": () => beginSeal({ ...begin, kind: 9 as 1 }),
    "a key block over the limit": () => beginSeal({ ...begin, keyBlock: new Uint8Array(MAX_KEY_BLOCK_BYTES + 1) }),
    "segments of no bytes": () => collect(sealStream(pieces(one, 1), { ...begin, segmentBytes: 0 })),
    "a table's row of no bytes": () => encodeTable([{ length: 0, unpackedLength: 0 }]),
    "a table's tag that does not fit": () => encodeTable([{ length: 1, unpackedLength: 1, tag: 256 }]),
    "a table's length that does not fit": () => encodeTable([{ length: 1, unpackedLength: 2 ** 32 }]),
    "a negative offset": () => sealTrailer(-1, 0),
    "an archive part at random without a way to its table": () => openSealed(readerOf(archivePart()), siteKey),
    "an empty passphrase": () => passphrase(""),
    "a passphrase that is half a character": () => passphrase("\ud800"),
    "a passphrase too cheap": () => passphrase("x", { memoryKiB: 7 }),
    "a passphrase too costly": () => passphrase("x", { passes: 65 }),
    "a short raw key": () => rawKey(new Uint8Array(31)),
    "a label with a line feed": () => createSlot(siteKey, "site", raw, { label: "a\nb" }),
    "a format that does not exist": () => createDescriptor({ format: "tape" as "archive", formatVersion: 1, key: raw }),
    "a key block that is not there": () => openKeyBlock(keyBlock, raw),
    "a document without members": () => encodeDocument({}, { macKey: null, context: { type: "a", id: "b" } }),
    "a document with a check of its own": () => {
      return encodeDocument({ check: 1 }, { macKey: null, context: { type: "a", id: "b" } });
    },
  };
  it.each(Object.entries(cases))("%s", async (_, run) => {
    expect(await codeOf(run)).toBe("INVALID");
  });

  it("a passphrase whose variable is not set, with a hint to look there", () => {
    const hint = expect.stringContaining("environment");
    expect(() => passphrase("")).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/an empty text/), hint }),
    );
    expect(() => passphrase(undefined as never)).toThrow(expect.objectContaining({ hint }));
  });

  it("an empty answer of the function that asks for a passphrase", async () => {
    const made = await createDescriptor({ format: "archive", formatVersion: 1, key: raw });
    expect(
      await codeOf(() =>
        openDescriptor(
          made.bytes,
          passphrase(() => ""),
        ),
      ),
    ).toBe("INVALID");
    expect(await codeOf(() => openDescriptor(made.bytes, recoveryCode("not a code")))).toBe("INVALID");
  });

  it("keys for a site that has none, and more than 64 for one that has", async () => {
    const open = await createDescriptor({ format: "archive", formatVersion: 1, key: unencrypted() });
    expect(await codeOf(() => addSlot({ descriptor: open.descriptor, siteKey }, raw))).toBe("INVALID");
    expect(encodeKeyBlock(open.descriptor).length).toBe(0);

    const made = await createDescriptor({ format: "archive", formatVersion: 1, key: raw });
    if (made.siteKey === null) throw new Error("expected a key");
    let site = { descriptor: made.descriptor, siteKey: made.siteKey };
    for (let i = 1; i < 64; i++) site = { ...site, ...(await addSlot(site, raw, { label: "€".repeat(100) })) };
    expect(await codeOf(() => addSlot(site, raw))).toBe("INVALID");
    expect(await codeOf(() => replaceSlot(site, "none", raw))).toBe("INVALID");
  });
});

describe("a failing source of the secret", () => {
  it("passes its own error through", async () => {
    const made = await createDescriptor({ format: "archive", formatVersion: 1, key: rawKey(new Uint8Array(32)) });
    const prompt: SlotKeyOption = passphrase(() => Promise.reject(new Error("the prompt was closed")));
    await expect(openDescriptor(made.bytes, prompt)).rejects.toThrow("the prompt was closed");
  });
});

describe("tables and trailers", () => {
  it("come back as they were written", () => {
    const row = fc.record({
      length: fc.integer({ min: 1, max: MAX_SEGMENT_BYTES }),
      unpackedLength: fc.integer({ min: 0, max: 0xffff_ffff }),
      tag: fc.integer({ min: 0, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(row), fc.uint8Array(), (rows, extra) => {
        expect(decodeTable(encodeTable(rows, extra))).toEqual({ rows, extra });
      }),
    );
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 0xffff_ffff }), (offset, segments) => {
        expect(parseTrailer(sealTrailer(offset, segments))).toEqual({ offset, segments });
      }),
    );
  });
});

describe("a small value", () => {
  it("may be empty, and has at most 16 MiB and a little", () => {
    expect(openBytes(sealBytes({ siteKey, suite: 2, plaintext: keyBlock }), siteKey)).toEqual(keyBlock);
  });
});

/** An archive part's beginning and end, as far as is needed to see its kind. */
function archivePart(): Uint8Array {
  const { header, state } = beginSeal({ ...begin, kind: SealedKind.archivePart });
  const last = sealSegment(state, 0, true, encodeTable([]));
  return Uint8Array.from(Buffer.concat([header, last, sealTrailer(header.length, 0)]));
}
