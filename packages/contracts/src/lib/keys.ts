import { LifeboatError } from "./errors.ts";

const encoder = new TextEncoder();

/**
 * Refuses a key that some storage could not hold or that could leave its root:
 * empty, over `maxBytes` of UTF-8, absolute, with an empty, `.` or `..` segment,
 * a backslash, a control character, or a lone surrogate.
 *
 * @throws INVALID, naming the key and what is wrong with it
 */
export function assertKey(key: string, operation: string, maxBytes = 1024): void {
  const problem = keyProblem(key, maxBytes);
  if (problem === null) return;
  throw new LifeboatError({
    code: "INVALID",
    operation,
    key,
    message: `Expected a relative key of plain segments, found ${JSON.stringify(key)}: ${problem}.`,
    hint: "Use segments of printable characters joined by '/', without '.', '..' or an empty one.",
  });
}

function keyProblem(key: string, maxBytes: number): string | null {
  if (key === "") return "it is empty";
  if (!key.isWellFormed()) return "it holds a lone surrogate";
  if (encoder.encode(key).length > maxBytes) return `it is longer than ${maxBytes} bytes`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  if (/[\u0000-\u001f\u007f\\]/.test(key)) return "it holds a control character or a backslash";
  for (const segment of key.split("/")) {
    if (segment === "") return "it has an empty segment";
    if (segment === "." || segment === "..") return `it has a '${segment}' segment`;
  }
  return null;
}
