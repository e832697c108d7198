import { pathToBytes } from "@lifeboat/contracts";

const SLASH = 0x2f;
/** From here on UTF-16 order and byte order may differ. */
const UNORDERED = 0xd800;

/**
 * The order in which a walk that sorts names comes to paths: names are compared by their bytes, and a directory
 * comes before what is in it, as `/` were the lowest byte. Below 0 where `a` comes first.
 */
export function comparePaths(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  for (let at = 0; at < most; at++) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    if (x >= UNORDERED || y >= UNORDERED) return compareBytes(a, b);
    return rank(x) - rank(y);
  }
  return a.length - b.length;
}

function compareBytes(a: string, b: string): number {
  const [x, y] = [pathToBytes(a), pathToBytes(b)];
  const most = Math.min(x.length, y.length);
  for (let at = 0; at < most; at++) {
    const [p = 0, q = 0] = [x[at], y[at]];
    if (p !== q) return rank(p) - rank(q);
  }
  return x.length - y.length;
}

function rank(code: number): number {
  return code === SLASH ? -1 : code;
}
