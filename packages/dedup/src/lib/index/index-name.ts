import { randomBytes } from "node:crypto";

/** Where index objects lie. */
export const INDEX_PREFIX = "index/";

const KEY = /^index\/[0-9a-f]{32}$/;

/** A key for a new index object: random, never used before. */
export function newIndexKey(): string {
  return `${INDEX_PREFIX}${randomBytes(16).toString("hex")}`;
}

/** Whether an index object lies at a key. */
export function isIndexKey(key: string): boolean {
  return KEY.test(key);
}
