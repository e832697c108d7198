import type { Json, LifeboatError } from "@lifeboat/contracts";
import { equalBytes, utf8 } from "./bytes.ts";

const MAX_DEPTH = 64;
const RESERVED = new Set(["mac", "check"]);

/**
 * Refuses a value that can't be a document's: not a plain object with members, a
 * member `mac` or `check`, a member `__proto__` anywhere, nested too deep.
 */
export function assertPlainJson(value: unknown, refuse: (problem: string) => LifeboatError): void {
  const problem = problemOf(value);
  if (problem !== null) throw refuse(problem);
}

function problemOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "no members, being no object";
  const members = Object.keys(value);
  if (members.length === 0) return "no members";
  if (members.some((name) => RESERVED.has(name))) return 'a member "mac" or "check" of its own';
  return nestedProblem(value, 1);
}

function nestedProblem(value: unknown, depth: number): string | null {
  if (typeof value !== "object" || value === null) return null;
  if (depth > MAX_DEPTH) return `more than ${MAX_DEPTH} levels`;
  if (Object.hasOwn(value, "__proto__")) return 'a member "__proto__"';
  for (const inner of Object.values(value)) {
    const problem = nestedProblem(inner, depth + 1);
    if (problem !== null) return problem;
  }
  return null;
}

/**
 * Parses a document's body, which lacks the closing brace. It must be exactly what
 * writing the value again gives: so no name can occur twice, and no two readers
 * can take it differently.
 */
export function parseJson(
  body: Uint8Array,
  damaged: (why: string) => LifeboatError,
): { readonly [member: string]: Json } {
  let value: { readonly [member: string]: Json };
  let again: Uint8Array;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    value = JSON.parse(`${text}\n}`);
    assertPlainJson(value, (problem) => damaged(`it has ${problem}`));
    again = utf8(JSON.stringify(value, null, 2).slice(0, -2));
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof TypeError)) throw error;
    throw damaged("its check holds, but it is not JSON");
  }
  if (!equalBytes(again, body)) throw damaged("its check holds, but it is not written as documents are");
  return value;
}
