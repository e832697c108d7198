import { LifeboatError } from "@lifeboat/contracts";

/** The error of a call that a decorator forbids. */
export function refusal(operation: string, key: string | undefined, found: string, hint: string, cause?: unknown) {
  const where = key === undefined ? "" : ` ${JSON.stringify(key)}`;
  return new LifeboatError({
    code: "PERMISSION_DENIED",
    operation,
    key,
    message: `${operation} of${where} was refused: ${found}.`,
    hint,
    cause,
  });
}
