import { LifeboatError } from "@lifeboat/contracts";
import picomatch from "picomatch";

/** What was selected of one source, ready to match. */
export interface Patterns {
  readonly texts: readonly string[];
  /** The numbers of the patterns that take this entry: by its own path, or by that of a directory above it. */
  matches(path: string): readonly number[];
}

const OPTIONS = { dot: true, strictBrackets: true, nonegate: true, flags: "s" } as const;

/**
 * Compiles patterns of entry paths. A pattern is matched against the whole path;
 * what it names is taken with everything beneath it.
 *
 * @throws INVALID for a pattern that could never match
 */
export function compilePatterns(texts: readonly string[]): Patterns {
  const tests = texts.map(compile);

  function hits(test: (path: string) => boolean, path: string): boolean {
    if (test(path)) return true;
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      if (test(path.slice(0, slash))) return true;
    }
    return false;
  }

  return {
    texts,
    matches: (path) => tests.flatMap((test, i) => (hits(test, path) ? [i] : [])),
  };
}

function compile(text: string): (path: string) => boolean {
  const bare = text.endsWith("/") ? text.slice(0, -1) : text;
  if (bare === "") throw invalid(text, "it is empty");
  if (bare.startsWith("/")) throw invalid(text, "it is absolute, but entry paths are relative to the source");
  if (bare.startsWith("!") && !bare.startsWith("!(")) throw invalid(text, "negation is not supported");
  if (bare.split("/").some((segment) => segment === "" || segment === "." || segment === "..")) {
    throw invalid(text, "it has an empty, '.' or '..' segment, which no entry path has");
  }
  try {
    return picomatch(bare, OPTIONS);
  } catch (error) {
    throw invalid(text, error instanceof Error ? error.message : String(error));
  }
}

function invalid(pattern: string, reason: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "restore.plan",
    key: pattern,
    message: `The pattern ${JSON.stringify(pattern)} cannot be used: ${reason}.`,
    hint: "Select with patterns of entry paths, such as 2026-11-19/** or config/app.json.",
  });
}
