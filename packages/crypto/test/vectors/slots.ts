import type { ErrorCode, Json } from "@lifeboat/contracts";
import { encodeKeyBlock } from "../../src/lib/key-block.ts";
import { passphrase, rawKey, recoveryCode, type SlotKeyOption } from "../../src/lib/key-options.ts";
import { nodePrimitives } from "../../src/lib/node-primitives.ts";
import { formatRecoveryCode } from "../../src/lib/recovery-code.ts";
import { cheap, fixedKeys, named, siteId, siteKey, toHex } from "./fixed.ts";

/** A key block and what somebody opens it with. */
export interface SlotVector {
  readonly name: string;
  readonly class: "valid" | "wrong-key" | "mistyped" | "altered" | "oversized" | "malformed" | "unencrypted";
  readonly code?: ErrorCode;
  /** A raw key is hex. */
  readonly key: { readonly kind: "passphrase" | "recovery" | "raw" | "unencrypted"; readonly secret: string };
  /** Hex. */
  readonly siteKey?: string;
  /** The text of the key block. */
  readonly keyBlock: string;
}

type Slot = { [member: string]: Json };
type Change = (slot: Slot, block: { siteId: string; slots: Slot[] }) => void;

const words = "correct horse battery staple";
export const printedCode = formatRecoveryCode(nodePrimitives, named("recovery code", 20));
const otherCode = formatRecoveryCode(nodePrimitives, named("other recovery code", 20));
const raw = named("raw key", 48);

/** All vectors of slots. */
export async function slotVectors(): Promise<SlotVector[]> {
  const pass = await block("passphrase", passphrase(words, cheap), "Anna's");
  const code = await block("recovery", recoveryCode(printedCode));
  const host = await block("raw", rawKey(raw));
  const costly = await block("costly", passphrase("pâté", { memoryKiB: 64, passes: 3 }));
  const all = JSON.stringify({ siteId, slots: [pass, code, host, costly].flatMap((text) => JSON.parse(text).slots) });
  const newer = changed(pass, (slot, { slots }) => slots.unshift({ ...slot, id: "k1", kind: "x25519", kdf: "?" }));
  const key = { kind: "passphrase", secret: words } as const;

  const valid: Record<string, [string, SlotVector["key"]]> = {
    "a passphrase": [pass, key],
    "a passphrase, decomposed": [costly, { kind: "passphrase", secret: "pâté".normalize("NFD") }],
    "a recovery code": [code, { kind: "recovery", secret: printedCode }],
    "a recovery code, typed carelessly": [code, { kind: "recovery", secret: careless(printedCode) }],
    "a raw key": [host, { kind: "raw", secret: toHex(raw) }],
    "the first of several slots": [all, key],
    "the last of several slots": [all, { kind: "passphrase", secret: "pâté" }],
    "a slot after one of an unknown kind": [newer, key],
    "a slot with a member that is new": [changed(pass, (slot) => (slot.hint = "?")), key],
    "a slot after one that is too costly": [
      changed(pass, (slot, { slots }) =>
        slots.unshift({ ...slot, id: "00".repeat(8), kdf: { ...kdf(slot), passes: 65 } }),
      ),
      key,
    ],
  };
  const wrong: Record<string, [string, SlotVector["key"]]> = {
    "another passphrase": [pass, { kind: "passphrase", secret: "correct horse" }],
    "a passphrase in capitals": [pass, { kind: "passphrase", secret: words.toUpperCase() }],
    "a passphrase with a space after it": [pass, { kind: "passphrase", secret: `${words} ` }],
    "another recovery code": [code, { kind: "recovery", secret: otherCode }],
    "another raw key": [host, { kind: "raw", secret: toHex(named("other raw key", 32)) }],
    "a raw key as a passphrase": [host, { kind: "passphrase", secret: toHex(raw) }],
    "a recovery code where there is none": [pass, { kind: "recovery", secret: printedCode }],
    "none of several": [all, { kind: "passphrase", secret: "wrong" }],
  };
  return [
    ...make("valid", undefined, valid),
    ...make("wrong-key", "WRONG_KEY", wrong),
    ...make("mistyped", "INVALID", {
      "a recovery code with one character wrong": [code, { kind: "recovery", secret: swapFirst(printedCode) }],
      "a recovery code one character short": [code, { kind: "recovery", secret: printedCode.slice(0, -1) }],
    }),
    ...make("unencrypted", "INCOMPATIBLE", { "no key at all": [pass, { kind: "unencrypted", secret: "" }] }),
    ...fromChanges("altered", "WRONG_KEY", pass, key, altered),
    ...fromChanges(
      "altered",
      "WRONG_KEY",
      code,
      { kind: "recovery", secret: printedCode },
      { "recovery: salt": salted },
    ),
    ...fromChanges("altered", "WRONG_KEY", host, { kind: "raw", secret: toHex(raw) }, { "raw: salt": salted }),
    ...fromChanges("oversized", "UNSUPPORTED", pass, key, oversized),
    ...fromChanges("malformed", "CORRUPT", pass, key, malformed),
    ...make("malformed", "CORRUPT", {
      "not JSON": [pass.slice(0, -1), key],
      "a list": ["[]", key],
      "no site": [JSON.stringify({ slots: [] }), key],
      "no slots": [JSON.stringify({ siteId }), key],
    }),
    ...make("malformed", "INVALID", { "an empty key block": ["", key] }),
  ];
}

const salted: Change = (slot) => Object.assign(kdf(slot), { salt: "ab".repeat(16) });

const altered: Record<string, Change> = {
  "another site": (_, whole) => (whole.siteId = "0".repeat(32)),
  id: (slot) => (slot.id = "0123456789abcdef"),
  created: (slot) => (slot.created = "2026-11-20T02:00:00.001Z"),
  label: (slot) => (slot.label = "Bert's"),
  "no label": (slot) => delete slot.label,
  memory: (slot) => Object.assign(kdf(slot), { memoryKiB: 16 }),
  passes: (slot) => Object.assign(kdf(slot), { passes: 2 }),
  salt: salted,
  nonce: (slot) => (slot.nonce = "0".repeat(24)),
  "wrapped key": (slot) => (slot.wrapped = (slot.wrapped as string).replace(/^./, (c) => (c === "0" ? "1" : "0"))),
};

const oversized: Record<string, Change> = {
  "memory over 1 GiB": (slot) => Object.assign(kdf(slot), { memoryKiB: 1_048_577 }),
  "memory of 4 TiB": (slot) => Object.assign(kdf(slot), { memoryKiB: 4_294_967_295 }),
  "65 passes": (slot) => Object.assign(kdf(slot), { passes: 65 }),
  "17 lanes": (slot) => Object.assign(kdf(slot), { parallelism: 17, memoryKiB: 1024 }),
};

const malformed: Record<string, Change> = {
  "no id": (slot) => delete slot.id,
  "no kind": (slot) => delete slot.kind,
  "no creation time": (slot) => delete slot.created,
  "no derivation": (slot) => delete slot.kdf,
  "no nonce": (slot) => delete slot.nonce,
  "no wrapped key": (slot) => delete slot.wrapped,
  "a wrapped key one byte short": (slot) => (slot.wrapped = (slot.wrapped as string).slice(2)),
  "hex in capitals": (slot) => (slot.wrapped = "A".repeat(96)),
  "a nonce that is no hex": (slot) => (slot.nonce = "z".repeat(24)),
  "a nonce that is a number": (slot) => (slot.nonce = 7),
  "another derivation": (slot) => Object.assign(kdf(slot), { name: "scrypt" }),
  "no passes": (slot) => Object.assign(kdf(slot), { passes: 0 }),
  "half a pass": (slot) => Object.assign(kdf(slot), { passes: 0.5 }),
  "negative memory": (slot) => Object.assign(kdf(slot), { memoryKiB: -8 }),
  "less memory than the lanes need": (slot) => Object.assign(kdf(slot), { parallelism: 2 }),
  "memory that is a text": (slot) => Object.assign(kdf(slot), { memoryKiB: "8" }),
  "a short salt": (slot) => Object.assign(kdf(slot), { salt: "ab" }),
  "an empty label": (slot) => (slot.label = ""),
  "a label with a line feed": (slot) => (slot.label = "a\nb"),
  "a time of another form": (slot) => (slot.created = "yesterday"),
  "the same id twice": (slot, whole) => whole.slots.push({ ...slot }),
  "a slot that is a text": (_, whole) => (whole.slots as Json[]).push("slot"),
  "65 slots": (slot, whole) => {
    for (let i = 1; i < 65; i++) whole.slots.push({ ...slot, id: i.toString(16).padStart(16, "0") });
  },
};

async function block(name: string, option: SlotKeyOption, label?: string): Promise<string> {
  const slot = await fixedKeys(`slot ${name}`).createSlot(
    siteKey,
    siteId,
    option,
    label === undefined ? {} : { label },
  );
  return new TextDecoder().decode(encodeKeyBlock({ siteId, slots: [slot] }));
}

function make(
  failure: SlotVector["class"],
  code: ErrorCode | undefined,
  cases: Record<string, [string, SlotVector["key"]]>,
): SlotVector[] {
  const outcome = code === undefined ? { siteKey: toHex(siteKey) } : { code };
  return Object.entries(cases).map(([name, [keyBlock, key]]) => {
    return { name: `${failure}: ${name}`, class: failure, ...outcome, key, keyBlock };
  });
}

function fromChanges(
  failure: SlotVector["class"],
  code: ErrorCode,
  keyBlock: string,
  key: SlotVector["key"],
  changes: Record<string, Change>,
): SlotVector[] {
  const cases = Object.entries(changes).map(([name, change]) => [name, [changed(keyBlock, change), key]] as const);
  return make(failure, code, Object.fromEntries(cases) as Record<string, [string, SlotVector["key"]]>);
}

function changed(keyBlock: string, change: Change): string {
  const whole = JSON.parse(keyBlock);
  change(whole.slots[0], whole);
  return JSON.stringify(whole);
}

function kdf(slot: Slot): Slot {
  return slot.kdf as Slot;
}

function careless(code: string): string {
  return ` ${code.toLowerCase().replaceAll("-", " – ").replaceAll("0", "o").replaceAll("1", "l")}\n`;
}

function swapFirst(code: string): string {
  return code.replace(/^./, (c) => (c === "7" ? "8" : "7"));
}
