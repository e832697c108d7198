import { isLifeboatError, LifeboatError, type VerifyProblem } from "@lifeboat/contracts";

/** What the host's own code threw, coded: a LifeboatError stays itself, and so does the reason of an abort. */
export function sourceFailed(error: unknown, source: string, what: string, signal?: AbortSignal): unknown {
  if (isLifeboatError(error)) return error;
  if (signal?.aborted === true && error === signal.reason) return error;
  return new LifeboatError({
    code: "SOURCE_FAILED",
    operation: "source",
    key: source,
    message: `The source "${source}" failed in ${what}: ${messageOf(error)}`,
    hint: "Look at the cause; it comes from the source, not from the storage.",
    cause: error,
  });
}

/** An error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const DAMAGE = ["CORRUPT", "WRONG_KEY", "INCOMPATIBLE", "UNSUPPORTED"] as const;

/** Whether an error says that what was read is damaged or foreign, and not that it could not be read. */
export function isDamage(error: unknown): error is LifeboatError {
  return DAMAGE.some((code) => isLifeboatError(error, code));
}

/** The code under which a verification names an error that says so. */
export function damageCode({ code }: LifeboatError): VerifyProblem["code"] {
  const known = [...DAMAGE, "NOT_FOUND"] as const;
  return known.find((each) => each === code) ?? "CORRUPT";
}
