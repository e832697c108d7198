import { LifeboatError } from "@lifeboat/contracts";

/** The error for a key that is proven absent. */
export function missing(key: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "NOT_FOUND",
    operation,
    key,
    message: `Expected an object at ${JSON.stringify(key)}, found none.`,
  });
}

/** The error of a create-only put whose key is taken. */
export function taken(key: string): LifeboatError {
  return new LifeboatError({
    code: "ALREADY_EXISTS",
    operation: "storage.put",
    key,
    message: `Expected nothing at ${JSON.stringify(key)}, found an object.`,
  });
}
