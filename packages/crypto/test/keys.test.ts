import { inspect } from "node:util";
import { type ErrorCode, isLifeboatError } from "@lifeboat/contracts";
import {
  addSlot,
  createDescriptor,
  decodeDocument,
  deriveSubkey,
  encodeDocument,
  encodeKeyBlock,
  generateRecoveryCode,
  openDescriptor,
  openKeyBlock,
  passphrase,
  rawKey,
  readDescriptor,
  recoveryCode,
  removeSlot,
  replaceSlot,
  unencrypted,
} from "@lifeboat/crypto";
import { describe, expect, it } from "vitest";
import { nodePrimitives } from "../src/lib/node-primitives.ts";
import type { AnySlot } from "../src/lib/slot.ts";
import { type Argon2id, openSlots } from "../src/lib/slots.ts";

const cheap = { memoryKiB: 8, passes: 1 };
const code = (expected: ErrorCode) => (error: unknown) => isLifeboatError(error, expected);
const site = { format: "archive", formatVersion: 1 } as const;

describe("a site", () => {
  it("opens with its passphrase, and with no other", async () => {
    const made = await createDescriptor({ ...site, key: passphrase("correct horse", cheap), label: "Anna's" });
    const opened = await openDescriptor(made.bytes, passphrase("correct horse"));
    expect(opened.siteKey).toEqual(made.siteKey);
    expect(opened.descriptor).toEqual(made.descriptor);
    const wrong = openDescriptor(made.bytes, passphrase("wrong"));
    await expect(wrong).rejects.toSatisfy(code("WRONG_KEY"));
    await expect(wrong).rejects.toThrow("The passphrase does not open the site: it fits none");
    await expect(openDescriptor(made.bytes, rawKey(new Uint8Array(32)))).rejects.toSatisfy(code("WRONG_KEY"));
    await expect(openDescriptor(made.bytes, unencrypted())).rejects.toSatisfy(code("INCOMPATIBLE"));
  });

  it("opens by every one of its slots, and by none that was removed", async () => {
    const raw = rawKey(new Uint8Array(32).fill(7));
    const printed = generateRecoveryCode();
    const made = await createDescriptor({ ...site, suite: 2, key: passphrase("first", cheap) });
    if (made.siteKey === null) throw new Error("expected a key");
    const { siteKey } = made;
    const one = await addSlot({ descriptor: made.descriptor, siteKey }, recoveryCode(printed), { label: "the safe" });
    const two = await addSlot({ descriptor: one.descriptor, siteKey }, raw);
    const first = made.descriptor.slots[0]?.id ?? "";
    const three = await replaceSlot({ descriptor: two.descriptor, siteKey }, first, passphrase("second", cheap));
    for (const key of [raw, recoveryCode(printed.toLowerCase().replaceAll("-", " ")), passphrase("second")]) {
      expect((await openDescriptor(three.bytes, key)).siteKey).toEqual(siteKey);
      expect((await openKeyBlock(encodeKeyBlock(three.descriptor), key)).siteKey).toEqual(siteKey);
    }
    await expect(openDescriptor(three.bytes, passphrase("first"))).rejects.toSatisfy(code("WRONG_KEY"));

    const four = removeSlot({ descriptor: three.descriptor, siteKey }, three.slot.id);
    const five = removeSlot({ descriptor: four.descriptor, siteKey }, one.slot.id);
    expect(() => removeSlot({ descriptor: five.descriptor, siteKey }, two.slot.id)).toThrow(/last one/);
    expect(() => removeSlot({ descriptor: five.descriptor, siteKey }, "nonsense")).toThrow(/id of one/);
    expect((await openDescriptor(five.bytes, raw)).siteKey).toEqual(siteKey);
  });

  it("without encryption opens only when that is said in so many words", async () => {
    const made = await createDescriptor({ ...site, key: unencrypted() });
    expect((await openDescriptor(made.bytes, unencrypted())).siteKey).toBeNull();
    expect(readDescriptor(made.bytes)).toEqual(made.descriptor);
    await expect(openDescriptor(made.bytes, passphrase("x"))).rejects.toSatisfy(code("INCOMPATIBLE"));
  });
});

describe("a key option", () => {
  it("never prints its secret", () => {
    for (const option of [passphrase("hunter2"), passphrase(() => "hunter2"), recoveryCode("hunter2")]) {
      expect(inspect(option, { showHidden: true, depth: 9 })).not.toContain("hunter2");
      expect(JSON.stringify(option)).not.toContain("hunter2");
      expect(JSON.stringify({ ...option })).not.toContain("hunter2");
    }
  });
});

describe("a document", () => {
  const context = { type: "labels", id: "2026-11-20" };
  const macKey = deriveSubkey(new Uint8Array(32).fill(1), "manifest-mac");
  const value = { siteId: "a", label: "before upgrade", preserve: true };

  it("is readable JSON that ends in its MAC and its check", () => {
    const bytes = encodeDocument(value, { macKey, context });
    const text = Buffer.from(bytes).toString();
    expect(Object.keys(JSON.parse(text))).toEqual([...Object.keys(value), "mac", "check"]);
    expect(text).toMatch(/"check": "[0-9a-f]{64}"\n\}\n$/);
    expect(decodeDocument(bytes, { macKey, context, operation: "test", siteId: "a" })).toEqual(value);
  });

  it("of another place, another site or another hand is refused", () => {
    const bytes = encodeDocument(value, { macKey, context });
    const read = (over: object) => () => decodeDocument(bytes, { macKey, context, operation: "test", ...over });
    expect(read({ context: { type: "labels", id: "other" } })).toThrow(expect.toSatisfy(code("CORRUPT")));
    expect(read({ siteId: "b" })).toThrow(expect.toSatisfy(code("INCOMPATIBLE")));
    expect(read({ macKey: null })).toThrow(expect.toSatisfy(code("INCOMPATIBLE")));
    expect(read({ macKey: new Uint8Array(32) })).toThrow(/without the key/);
    const bare = encodeDocument(value, { macKey: null, context });
    expect(() => decodeDocument(bare, { macKey, context, operation: "test" })).toThrow(/no MAC/);
  });
});

describe("slots that somebody made to be slow", () => {
  const kdf = (memoryKiB: number, passes: number) => {
    return { name: "argon2id", memoryKiB, passes, parallelism: 1, salt: "00".repeat(16) } as const;
  };
  const slot = (i: number, memoryKiB: number, passes: number): AnySlot => ({
    id: i.toString(16).padStart(16, "0"),
    kind: "passphrase",
    created: "2026-11-20T02:00:00.000Z",
    kdf: kdf(memoryKiB, passes),
    nonce: "00".repeat(12),
    wrapped: "00".repeat(48),
  });

  /** How much memory times passes, in KiB, opening them takes. */
  async function work(slots: readonly AnySlot[]): Promise<[number, unknown]> {
    let done = 0;
    const argon2id: Argon2id = async ({ memoryKiB, passes }) => {
      done += memoryKiB * passes;
      return new Uint8Array(32);
    };
    const tools = { primitives: nodePrimitives, argon2id, random: () => new Uint8Array(), now: () => new Date() };
    const error = await openSlots(tools, slots, "00", passphrase("words")).catch((caught: unknown) => caught);
    return [done, error];
  }

  it("are not tried, each for itself nor all together, and the error tells what was found", async () => {
    const [alone, refusal] = await work([slot(0, 1_048_576, 5)]);
    expect(alone).toBe(0);
    expect(refusal).toSatisfy(code("UNSUPPORTED"));
    expect(String(refusal)).toContain("1048576 KiB, 5 passes");
    const [together, again] = await work(Array.from({ length: 64 }, (_, i) => slot(i, 1_048_576, 4)));
    expect(together).toBe(16_777_216);
    expect(again).toSatisfy(code("UNSUPPORTED"));
    const [honest, wrong] = await work(Array.from({ length: 64 }, (_, i) => slot(i, 65_536, 3)));
    expect(honest).toBe(64 * 65_536 * 3);
    expect(wrong).toSatisfy(code("WRONG_KEY"));
    expect(() => passphrase("x", { memoryKiB: 1_048_576, passes: 5 })).toThrow(/product/);
  });
});
