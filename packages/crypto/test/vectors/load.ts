import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The vectors of a file, by their class. */
export function vectorsByClass<T extends { readonly class: string }>(file: string): [string, T[]][] {
  const classes = new Map<string, T[]>();
  for (const vector of loadVectors<T>(file)) classes.set(vector.class, [...(classes.get(vector.class) ?? []), vector]);
  return [...classes];
}

/** The vectors of a file. */
export function loadVectors<T>(file: string): T[] {
  const text = readFileSync(join(import.meta.dirname, file), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}
