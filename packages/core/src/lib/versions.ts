/**
 * Whether version `a` is newer than `b`, by their numbers from left to right; a
 * pre-release (`2.0.0-rc.1`) is older than its release. `null` where the two
 * differ in a way that numbers do not tell.
 */
export function isNewer(a: string, b: string): boolean | null {
  if (a === b) return false;
  const [left, right] = [parse(a), parse(b)];
  if (left === null || right === null) return null;
  for (let i = 0; i < Math.max(left.numbers.length, right.numbers.length); i++) {
    const difference = (left.numbers[i] ?? 0) - (right.numbers[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  if (left.pre === right.pre) return false;
  if (left.pre === "" || right.pre === "") return left.pre === "";
  return null;
}

function parse(version: string): { readonly numbers: readonly number[]; readonly pre: string } | null {
  const match = /^v?(\d+(?:\.\d+)*)(?:-([^+]*))?(?:\+.*)?$/.exec(version.trim());
  if (match === null) return null;
  return { numbers: (match[1] ?? "").split(".").map(Number), pre: match[2] ?? "" };
}
