/**
 * Whether a key fits one of the patterns: `*` stands for one whole segment, `**`
 * at the end for one or more.
 */
export function matchesAny(key: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matches(key.split("/"), pattern.split("/")));
}

function matches(key: readonly string[], pattern: readonly string[]): boolean {
  for (const [index, part] of pattern.entries()) {
    const segment = key[index];
    if (segment === undefined) return false;
    if (part === "**" && index === pattern.length - 1) return true;
    if (part !== "*" && part !== segment) return false;
  }
  return key.length === pattern.length;
}
