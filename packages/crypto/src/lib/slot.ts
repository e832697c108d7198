import type { Json } from "@lifeboat/contracts";
import { fail } from "./errors.ts";

/** How a passphrase becomes a wrapping key. */
export interface Argon2Kdf {
  readonly name: "argon2id";
  readonly memoryKiB: number;
  readonly passes: number;
  readonly parallelism: number;
  /** Hex of 16 bytes. */
  readonly salt: string;
}

/** How a recovery code or raw key becomes a wrapping key. */
export interface HkdfKdf {
  readonly name: "hkdf-sha256";
  /** Hex of 16 bytes. */
  readonly salt: string;
}

interface SlotMembers {
  /** Hex of 8 bytes. */
  readonly id: string;
  /** ISO 8601 in UTC. */
  readonly created: string;
  /** What people call it: "Anna's", "the safe". */
  readonly label?: string;
  /** Hex of 12 bytes. */
  readonly nonce: string;
  /** Hex of 48 bytes: the site key, wrapped. */
  readonly wrapped: string;
}

/** A slot that a passphrase opens. */
export interface PassphraseSlot extends SlotMembers {
  readonly kind: "passphrase";
  readonly kdf: Argon2Kdf;
}

/** A slot that a recovery code or a raw key opens. */
export interface SecretSlot extends SlotMembers {
  readonly kind: "recovery" | "raw";
  readonly kdf: HkdfKdf;
}

/** A slot of a kind that this version knows. */
export type KeySlot = PassphraseSlot | SecretSlot;

/** A slot of a kind that a newer version made: kept, but not tried. */
export interface UnknownSlot {
  readonly id: string;
  readonly kind: "unknown";
  /** As it stands in the file. */
  readonly raw: { readonly [member: string]: Json };
}

/** A slot as a descriptor or key block holds it. */
export type AnySlot = KeySlot | UnknownSlot;

/** The most slots of a site. */
export const MAX_SLOTS = 64;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/**
 * Reads a list of slots.
 *
 * @throws CORRUPT where it is no list of slots, or one of a known kind is malformed
 */
export function parseSlots(value: Json | undefined, operation: string): AnySlot[] {
  const malformed = (why: string) => fail("CORRUPT", operation, `The list of key slots is malformed: ${why}.`);
  if (!Array.isArray(value)) throw malformed("it is no list");
  if (value.length > MAX_SLOTS) throw malformed(`it has ${value.length} slots, more than ${MAX_SLOTS}`);
  const slots = value.map((slot: Json, i) => {
    const parsed = isObject(slot) ? parseSlot(slot) : null;
    if (parsed === null) throw malformed(`slot ${i} lacks a member, or has one of another form`);
    return parsed;
  });
  if (new Set(slots.map((slot) => slot.id)).size < slots.length) throw malformed("two slots have the same id");
  return slots;
}

/** The slot as it stands in a file. */
export function slotToJson(slot: AnySlot): { readonly [member: string]: Json } {
  if (slot.kind === "unknown") return slot.raw;
  const { id, kind, created, label, kdf, nonce, wrapped } = slot;
  return { id, kind, created, ...(label === undefined ? {} : { label }), kdf: { ...kdf }, nonce, wrapped };
}

/** Whether a text can be a slot's label. */
export function isLabel(label: unknown): label is string {
  return typeof label === "string" && /^[^\p{Cc}\p{Cs}]{1,100}$/u.test(label);
}

function parseSlot(slot: { readonly [member: string]: Json }): AnySlot | null {
  const { id, kind, created, label, kdf, nonce, wrapped } = slot;
  if (typeof id !== "string" || id === "" || typeof kind !== "string") return null;
  if (kind !== "passphrase" && kind !== "recovery" && kind !== "raw") return { id, kind: "unknown", raw: slot };
  if (!isHex(id, 8) || typeof created !== "string" || !TIME.test(created)) return null;
  if (label !== undefined && !isLabel(label)) return null;
  if (!isObject(kdf) || !isHex(nonce, 12) || !isHex(wrapped, 48)) return null;
  const members = { id, created, ...(label === undefined ? {} : { label }), nonce, wrapped };
  if (kind === "passphrase") {
    const argon2 = parseArgon2(kdf);
    return argon2 === null ? null : { ...members, kind, kdf: argon2 };
  }
  const { name, salt } = kdf;
  return name === "hkdf-sha256" && isHex(salt, 16) ? { ...members, kind, kdf: { name, salt } } : null;
}

function parseArgon2(kdf: { readonly [member: string]: Json }): Argon2Kdf | null {
  const { name, memoryKiB, passes, parallelism, salt } = kdf;
  if (name !== "argon2id" || !isHex(salt, 16)) return null;
  if (!isCount(passes) || !isCount(parallelism) || !isCount(memoryKiB) || memoryKiB < 8 * parallelism) return null;
  return { name, memoryKiB, passes, parallelism, salt };
}

function isHex(value: Json | undefined, bytes: number): value is string {
  return typeof value === "string" && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value);
}

function isCount(value: Json | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 1;
}

/** Whether a JSON value is an object. */
export function isObject(value: Json | undefined): value is { readonly [member: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
