import type { AbortOptions } from "@lifeboat/contracts";
import { fromHex, toHex, utf8 } from "./bytes.ts";
import { fail, invalid } from "./errors.ts";
import { hkdf } from "./hkdf.ts";
import {
  MAX_MEMORY_KIB,
  MAX_PARALLELISM,
  MAX_PASSES,
  MAX_TOTAL_WORK_KIB,
  MAX_WORK_KIB,
  type SiteKeyOption,
  type SlotKeyOption,
  secretOf,
} from "./key-options.ts";
import { assertSiteKey } from "./open-header.ts";
import type { Cipher, Primitives } from "./primitives.ts";
import { parseRecoveryCode } from "./recovery-code.ts";
import { type AnySlot, type Argon2Kdf, isLabel, type KeySlot } from "./slot.ts";

const SITE_KEY_BYTES = 32;

/** What Argon2id (RFC 9106) is given; 32 bytes come out. */
export interface Argon2Input {
  readonly password: Uint8Array;
  readonly salt: Uint8Array;
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
}

/** Argon2id, off the event loop where that can be. */
export type Argon2id = (input: Argon2Input, options?: AbortOptions) => Promise<Uint8Array>;

/** What slots are made and opened with. */
export interface KeyTools {
  readonly primitives: Primitives;
  readonly argon2id: Argon2id;
  /** Bytes from the system's random generator; replaced where vectors are made. */
  readonly random: (length: number) => Uint8Array;
  readonly now: () => Date;
}

/** How a slot is made. */
export interface CreateSlotOptions extends AbortOptions {
  /** What people call it; 1 to 100 characters. */
  readonly label?: string | undefined;
}

/** What a slot gave. */
export interface OpenedSlots {
  /** 32 bytes; secret. */
  readonly siteKey: Uint8Array;
  readonly slotId: string;
}

type NewSlot =
  | Omit<Extract<KeySlot, { kind: "passphrase" }>, "wrapped">
  | Omit<Extract<KeySlot, { kind: "raw" | "recovery" }>, "wrapped">;

/** Docs: `Keys.createSlot`. */
export async function createSlot(
  tools: KeyTools,
  siteKey: Uint8Array,
  siteId: string,
  option: SlotKeyOption,
  { label, signal }: CreateSlotOptions = {},
): Promise<KeySlot> {
  assertSiteKey(siteKey, "keys.create");
  if (label !== undefined && !isLabel(label)) {
    throw invalid("keys.create", "Expected a label of 1 to 100 characters without control characters, found another.");
  }
  const members = {
    id: toHex(tools.random(8)),
    created: tools.now().toISOString(),
    ...(label === undefined ? {} : { label }),
    nonce: toHex(tools.random(12)),
  };
  const salt = toHex(tools.random(16));
  const slot: NewSlot =
    option.kind === "passphrase"
      ? { ...members, kind: option.kind, kdf: argon2Kdf(option.memoryKiB, option.passes, salt) }
      : { ...members, kind: option.kind, kdf: { name: "hkdf-sha256", salt } };
  const wrapped = new Uint8Array(48);
  const kek = await wrappingKey(tools, slot, await secretBytes(tools, option), signal);
  tools.primitives.seal(wrapCipher(slot, siteId, kek), siteKey, wrapped, 0);
  return { ...slot, wrapped: toHex(wrapped) } as KeySlot;
}

/** Docs: `Keys.openSlots`. */
export async function openSlots(
  tools: KeyTools,
  slots: readonly AnySlot[],
  siteId: string,
  option: SiteKeyOption,
  { signal }: AbortOptions = {},
): Promise<OpenedSlots> {
  if (option.kind === "unencrypted") throw keyNeeded(slots);
  const secret = await secretBytes(tools, option);
  let tried = 0;
  let work = 0;
  let oversized: Argon2Kdf | null = null;
  for (const slot of slots) {
    signal?.throwIfAborted();
    if (slot.kind !== option.kind) continue;
    if (slot.kdf.name === "argon2id") {
      if (isOversized(slot.kdf) || work + workOf(slot.kdf) > MAX_TOTAL_WORK_KIB) {
        oversized ??= slot.kdf;
        continue;
      }
      work += workOf(slot.kdf);
    }
    tried++;
    const kek = await wrappingKey(tools, slot, secret, signal);
    const siteKey = new Uint8Array(SITE_KEY_BYTES);
    if (tools.primitives.open(wrapCipher(slot, siteId, kek), fromHex(slot.wrapped), siteKey)) {
      return { siteKey, slotId: slot.id };
    }
  }
  if (oversized !== null) throw tooMuchWork(oversized);
  throw fail(
    "WRONG_KEY",
    "keys.open",
    tried === 0
      ? `Expected a slot of kind ${option.kind}, found ${kindsOf(slots)}.`
      : `The ${nameOf(option)} does not open the site: it fits none of its key slots of that kind (${tried}).`,
    tried === 0
      ? "Give a key of a kind that the site has."
      : `Check the ${nameOf(option)}, or use another key of this site.`,
  );
}

/** Docs: the refusal of `unencrypted()` where there are keys. */
export function keyNeeded(slots: readonly AnySlot[]) {
  const message = `Expected a site without encryption, found one that is locked by ${kindsOf(slots)}.`;
  return fail(
    "INCOMPATIBLE",
    "keys.open",
    message,
    "Give the site's key: passphrase(…), recoveryCode(…) or rawKey(…).",
  );
}

async function secretBytes({ primitives }: KeyTools, option: SlotKeyOption): Promise<Uint8Array> {
  if (option.kind === "raw") return secretOf(option);
  const text = await secretOf(option);
  return option.kind === "recovery" ? parseRecoveryCode(primitives, text) : utf8(text.normalize("NFC"));
}

function wrappingKey(
  { primitives, argon2id }: KeyTools,
  slot: NewSlot,
  secret: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const salt = fromHex(slot.kdf.salt);
  if (slot.kdf.name === "argon2id") return argon2id({ ...slot.kdf, password: secret, salt }, { signal });
  return Promise.resolve(hkdf(primitives, secret, salt, utf8(`lifeboat/1 slot ${slot.kind}`)));
}

function wrapCipher(slot: NewSlot, siteId: string, key: Uint8Array): Cipher {
  const { id, kind, created, kdf, label = "" } = slot;
  const cost = kdf.name === "argon2id" ? ` m=${kdf.memoryKiB} t=${kdf.passes} p=${kdf.parallelism}` : "";
  const lines = ["lifeboat/1 slot", siteId, id, kind, created, `${kdf.name}${cost} ${kdf.salt}`, label];
  return { suite: 1, key, nonce: fromHex(slot.nonce), aad: utf8(lines.join("\n")) };
}

function argon2Kdf(memoryKiB: number, passes: number, salt: string): Argon2Kdf {
  return { name: "argon2id", memoryKiB, passes, parallelism: 1, salt };
}

function isOversized(kdf: Argon2Kdf): boolean {
  const { memoryKiB, passes, parallelism } = kdf;
  return (
    memoryKiB > MAX_MEMORY_KIB || passes > MAX_PASSES || parallelism > MAX_PARALLELISM || workOf(kdf) > MAX_WORK_KIB
  );
}

/** Memory times passes: what Argon2id takes in time. */
function workOf({ memoryKiB, passes }: Argon2Kdf): number {
  return memoryKiB * passes;
}

function tooMuchWork({ memoryKiB, passes, parallelism }: Argon2Kdf) {
  const each = `${MAX_MEMORY_KIB} KiB, ${MAX_PASSES} passes, ${MAX_PARALLELISM} lanes and ${MAX_WORK_KIB} KiB times passes`;
  return fail(
    "UNSUPPORTED",
    "keys.open",
    `Expected slots whose Argon2id takes at most ${each}, and ${MAX_TOTAL_WORK_KIB} for all together; found one of ${memoryKiB} KiB, ${passes} passes and ${parallelism} lanes, which was not tried.`,
    "Open the site with the recovery code, or with what made this slot. If nobody made it, somebody has altered the site.",
  );
}

function nameOf(option: SlotKeyOption): string {
  return { passphrase: "passphrase", recovery: "recovery code", raw: "raw key" }[option.kind];
}

function kindsOf(slots: readonly AnySlot[]): string {
  const kinds = new Set(slots.map((slot) => slot.kind));
  return kinds.size === 0 ? "no slot" : `slots of kind ${[...kinds].join(", ")}`;
}
