import { isLifeboatError } from "@lifeboat/contracts";
import {
  createDescriptor,
  createSiteKey,
  decodeDocument,
  encodeDocument,
  encodeKeyBlock,
  openBytes,
  openDescriptor,
  openKeyBlock,
  openSealed,
  parseHeader,
  passphrase,
  rawKey,
  SealedKind,
  sealStream,
  unsealStream,
} from "@lifeboat/crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { collect, pieces, readerOf } from "./helpers.ts";
import { named } from "./vectors/fixed.ts";

const CHANGES = 10_000;
const hostKey = rawKey(named("host key", 32));

let siteKey: Uint8Array;
let descriptor: Uint8Array;
let sealed: Uint8Array;

beforeAll(async () => {
  const made = await createDescriptor({ format: "archive", formatVersion: 1, key: hostKey });
  if (made.siteKey === null) throw new Error("expected a key");
  siteKey = made.siteKey;
  descriptor = made.bytes;
  const keyBlock = encodeKeyBlock(made.descriptor);
  const content = named("content", 1000);
  sealed = await collect(
    sealStream(pieces(content, 100), { kind: SealedKind.pack, suite: 1, siteKey, keyBlock, segmentBytes: 300 }),
  );
});

describe("10,000 random changes of one byte, and truncations", () => {
  it("of a sealed object are all noticed, and none is taken for a wrong key", async () => {
    const random = numbers("sealed object");
    for (let i = 0; i < CHANGES; i++) {
      const spoiled = change(sealed, random);
      expect(await outcome(() => read(spoiled, i % 3))).toBe("CORRUPT");
    }
  });

  it("of a sealed object are noticed before its slots are tried", async () => {
    const random = numbers("key block");
    for (let i = 0; i < 1000; i++) {
      const spoiled = change(sealed.subarray(0, parseHeader(sealed).length), random);
      const opening = async () => openKeyBlock(parseHeader(spoiled).keyBlock, hostKey);
      expect(await outcome(opening)).toBe("CORRUPT");
    }
  });

  it("of a document are all noticed, and none is taken for a wrong key", async () => {
    const random = numbers("document");
    const context = { type: "manifest", id: "1" };
    const options = { macKey: named("mac key", 32), context, operation: "test" };
    const document = encodeDocument({ siteId: "a", parts: [{ name: "media", size: 17 }], label: "é\n" }, options);
    for (let i = 0; i < CHANGES; i++) {
      const spoiled = change(document, random);
      expect(await outcome(async () => decodeDocument(spoiled, options))).toBe("CORRUPT");
    }
  });

  it("of a site descriptor are all noticed, and none is taken for a wrong key", async () => {
    const random = numbers("descriptor");
    for (let i = 0; i < CHANGES; i++) {
      const spoiled = change(descriptor, random);
      expect(await outcome(() => openDescriptor(spoiled, hostKey))).toBe("CORRUPT");
    }
  });
});

describe("a wrong key", () => {
  it("is never taken for damage", async () => {
    for (let i = 0; i < 500; i++) {
      const wrong = createSiteKey();
      expect(await outcome(() => read(sealed, i % 3, wrong))).toBe("WRONG_KEY");
      expect(await outcome(() => openDescriptor(descriptor, rawKey(wrong)))).toBe("WRONG_KEY");
    }
    expect(await outcome(() => openDescriptor(descriptor, passphrase("wrong")))).toBe("WRONG_KEY");
  });
});

async function read(bytes: Uint8Array, how: number, key = siteKey): Promise<void> {
  if (how === 0) openBytes(bytes, key);
  else if (how === 1) await collect(unsealStream(pieces(bytes, 333), key));
  else {
    const open = await openSealed(readerOf(bytes), key);
    await collect(open.segments(open.table.rows.keys()));
  }
}

async function outcome(run: () => Promise<unknown>): Promise<string> {
  try {
    await run();
    return "it opened";
  } catch (error) {
    if (isLifeboatError(error)) return error.code;
    throw error;
  }
}

/** Repeatable random numbers below a limit. */
function numbers(name: string): (limit: number) => number {
  const bytes = named(name, 32 * CHANGES);
  let at = 0;
  return (limit) => {
    at += 4;
    return new DataView(bytes.buffer, bytes.byteOffset + at).getUint32(0) % limit;
  };
}

function change(bytes: Uint8Array, random: (limit: number) => number): Uint8Array {
  if (random(4) === 0) return bytes.slice(0, random(bytes.length));
  const copy = bytes.slice();
  const at = random(copy.length);
  copy[at] = (copy[at] ?? 0) ^ (1 + random(255));
  return copy;
}
