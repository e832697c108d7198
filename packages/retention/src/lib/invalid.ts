import { LifeboatError } from "@lifeboat/contracts";

/** Says what was expected of an option, and what was found. */
export function invalid(key: string, expected: string, found: unknown, hint?: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "retention",
    key,
    message: `Expected ${key} to be ${expected}, found ${show(found)}.`,
    hint,
  });
}

function show(value: unknown): string {
  if (value instanceof Date) return String(value);
  return typeof value === "bigint" ? `${value}n` : (JSON.stringify(value) ?? String(value));
}
