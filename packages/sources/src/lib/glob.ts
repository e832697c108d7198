import picomatch from "picomatch";
import { invalid } from "./errors.ts";

/** A pattern, ready to match entry paths. */
export interface Glob {
  /** Whether it names this very entry. */
  matches(path: string, isDirectory: boolean): boolean;
  /** Whether it names everything beneath this directory, as `cache/**` does of `cache`. */
  matchesBeneath(path: string): boolean;
  /** Whether something beneath this directory may match. */
  mayMatchBeneath(path: string): boolean;
}

const OPTIONS = { dot: true, strictBrackets: true, nonegate: true, flags: "s" } as const;
const BENEATH = "/**";
/** `**` several times in a row says no more than once. */
const REPEATED = /(^|\/)\*\*(?:\/\*\*)+(?=\/|$)/g;

/**
 * Compiles a pattern. It is matched against the whole entry path: `*.log` means
 * those at the top, `**` + `/*.log` those anywhere. Names that begin with a dot are
 * names like any other. `cache/` matches a directory only; `cache/**` what is
 * beneath it.
 *
 * @throws INVALID where it is no pattern, or none that could ever match
 */
export function compileGlob(pattern: string, operation: string): Glob {
  const problem = patternProblem(pattern);
  if (problem !== null) throw invalid(operation, `The pattern ${JSON.stringify(pattern)} cannot be used: ${problem}.`);
  const directoryOnly = pattern.endsWith("/");
  const text = (directoryOnly ? pattern.slice(0, -1) : pattern).replace(REPEATED, "$1**");
  const beneath = text.length > BENEATH.length && text.endsWith(BENEATH) ? text.slice(0, -BENEATH.length) : null;
  try {
    const whole = picomatch(text, OPTIONS);
    const above = beneath === null ? null : picomatch(beneath, OPTIONS);
    const scanned = picomatch.scan(text, OPTIONS).base;
    const base = scanned.includes("\\") ? "" : scanned; // an escaped prefix is not worth the care
    return {
      // picomatch takes `a/**` for `a` too; here that is matchesBeneath's to say
      matches: (path, isDirectory) =>
        (isDirectory || !directoryOnly) && whole(path) && (above === null || !above(path) || deeper(path, above)),
      matchesBeneath: (path) => above?.(path) ?? text === "**",
      mayMatchBeneath: (path) => base === "" || base.startsWith(`${path}/`) || `${path}/`.startsWith(`${base}/`),
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw invalid(operation, `The pattern ${JSON.stringify(pattern)} cannot be used: ${reason}.`);
  }
}

/** Whether a path that `x` matches in `x/**` also lies beneath another path that `x` matches. */
function deeper(path: string, above: (path: string) => boolean): boolean {
  for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
    if (above(path.slice(0, slash))) return true;
  }
  return false;
}

function patternProblem(pattern: unknown): string | null {
  if (typeof pattern !== "string" || pattern === "" || pattern === "/") return "it is empty";
  if (pattern.startsWith("/")) return "it is absolute, but entry paths are relative to the source";
  if (pattern.startsWith("!") && !pattern.startsWith("!(")) return "negation is not supported; use 'exclude'";
  if (pattern.includes("\0")) return "it holds a NUL";
  for (const segment of pattern.replace(/\/$/, "").split("/")) {
    if (segment === "." || segment === "..") return `it has a '${segment}' segment, which no entry path has`;
    if (segment === "") return "it has an empty segment, which no entry path has";
  }
  return null;
}
