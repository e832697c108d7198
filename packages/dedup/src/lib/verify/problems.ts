import type { LifeboatError, VerifyProblem } from "@lifeboat/contracts";

/** What an error that says of damage is told as. */
export function problemOf(error: LifeboatError, where: Omit<VerifyProblem, "code" | "message"> = {}): VerifyProblem {
  return { code: error.code as VerifyProblem["code"], message: error.message, ...where };
}
