import { pathToBytes } from "@lifeboat/contracts";

const SLASH = 0x2f;
/** From here on UTF-16 order and byte order may differ. */
const UNORDERED = 0xd800;

/**
 * Compares two entry paths as a walk in order meets them: names by their bytes, and a directory before what is in it.
 * That is the order of the paths' bytes with `/` as the lowest.
 */
export function comparePaths(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left === right) continue;
    if (left >= UNORDERED || right >= UNORDERED) return compareBytes(pathToBytes(a), pathToBytes(b));
    return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const difference = rank(a[at] ?? 0) - rank(b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function rank(code: number): number {
  return code === SLASH ? -1 : code;
}
