import { type ErrorCode, isLifeboatError } from "@lifeboat/contracts";
import type { SiteFinding, SiteTestStepName } from "./report.ts";

/** What does not work where a step fails. `{}` stands for the storage's name. */
const FAILURES: Readonly<Record<SiteTestStepName, { readonly level: "error" | "warning"; readonly says: string }>> = {
  reach: { level: "error", says: "{} can't be used" },
  site: { level: "error", says: "The site in {} can't be used" },
  rights: { level: "warning", says: "What may be deleted in {} can't be found out" },
  write: { level: "error", says: "Nothing can be written to {}" },
  read: { level: "error", says: "What was written to {} can't be read back" },
  list: { level: "error", says: "Objects in {} can't be listed" },
  create: { level: "error", says: "Creating can't be relied on in {}" },
  copy: { level: "warning", says: "Objects in {} can't be copied there" },
  clock: { level: "warning", says: "The clock of {} can't be read" },
  delete: { level: "warning", says: "Objects in {} can't be deleted" },
  measure: { level: "error", says: "Some MiB can't be written to {} and read back" },
  space: { level: "warning", says: "The room that is left in {} can't be found out" },
  disk: { level: "warning", says: "Whether {} is the data's own disk can't be found out" },
};

/** What a finding is called where the error has no finer name. */
const CODES: Readonly<Record<ErrorCode, string>> = {
  NOT_FOUND: "not-found",
  ALREADY_EXISTS: "already-exists",
  PERMISSION_DENIED: "denied",
  UNAUTHENTICATED: "login-refused",
  UNREACHABLE: "unreachable",
  TIMEOUT: "timeout",
  RATE_LIMITED: "rate-limited",
  NO_SPACE: "no-space",
  UNSUPPORTED: "unsupported",
  WRONG_KEY: "another-key",
  CORRUPT: "damaged",
  INCOMPATIBLE: "another-site",
  LOCKED: "locked",
  CONFLICT: "conflict",
  SOURCE_FAILED: "failed",
  INVALID: "wrong-settings",
  ABORTED: "aborted",
};

/** What a step's failure is to a person. `storage`: its name. Pure. */
export function findingOf(step: SiteTestStepName, error: unknown, storage: string): SiteFinding {
  const { level, says: pattern } = FAILURES[step];
  const says = pattern.replace("{}", () => storage);
  if (!isLifeboatError(error)) {
    const name = error instanceof Error ? error.name : typeof error;
    // Whatever else threw, its words may hold anything: only what kind it was is told.
    const message = `${says}: it failed with an error that is not Lifeboat's (${name}).`;
    const hint = "Errors of storages and key functions should be LifeboatErrors; look into that code.";
    return { level, code: "failed", message, hint, step };
  }
  const { code, reason, hint } = error;
  const name = reason ?? (code === "PERMISSION_DENIED" ? `${step}-denied` : CODES[code]);
  const message = `${says}: ${error.message}`;
  return { level, code: name, message, ...(hint === undefined ? {} : { hint }), step };
}

/** Whether nothing else can work after this: asking on would only take its time. Pure. */
export function endsTest(step: SiteTestStepName, error: unknown): boolean {
  if (step === "reach") return true;
  return GONE.some((code) => isLifeboatError(error, code));
}

const GONE = ["UNREACHABLE", "TIMEOUT", "UNAUTHENTICATED", "RATE_LIMITED"] as const;

const LEVELS = ["error", "warning", "info"];

/** Errors first. Pure. */
export function byLevel(findings: readonly SiteFinding[]): SiteFinding[] {
  return [...findings].sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
}
