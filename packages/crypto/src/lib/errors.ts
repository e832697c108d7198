import { type ErrorCode, LifeboatError } from "@lifeboat/contracts";

/** An error of this package: a code, what was being done, what is wrong, what to do. */
export function fail(code: ErrorCode, operation: string, message: string, hint?: string): LifeboatError {
  return new LifeboatError({ code, operation, message, hint });
}

/** Damage found while a sealed object is read. */
export function corrupt(message: string, operation = "sealed.open"): LifeboatError {
  return fail("CORRUPT", operation, message, "Restore from another backup or copy, and check the storage it lay on.");
}

/** Refuses an argument. */
export function invalid(operation: string, message: string, hint?: string): LifeboatError {
  return fail("INVALID", operation, message, hint);
}
