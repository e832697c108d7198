import { randomBytes } from "node:crypto";

/** Where packs lie. */
export const PACKS_PREFIX = "packs/";
/** Bytes of a pack's id. */
export const PACK_ID_BYTES = 16;

const KEY = /^packs\/([0-9a-f]{2})\/(\1[0-9a-f]{30})$/;
const ID = /^[0-9a-f]{32}$/;

/** A pack's id: 16 random bytes, in hex. None is ever used twice. */
export function newPackId(): string {
  return randomBytes(PACK_ID_BYTES).toString("hex");
}

/** Whether a text is a pack's id. */
export function isPackId(value: unknown): value is string {
  return typeof value === "string" && ID.test(value);
}

/** The key of a pack. */
export function packKey(id: string): string {
  return `${PACKS_PREFIX}${id.slice(0, 2)}/${id}`;
}

/** The id of the pack at a key, or `null` where no pack has that key. */
export function packIdOf(key: string): string | null {
  return KEY.exec(key)?.[2] ?? null;
}
