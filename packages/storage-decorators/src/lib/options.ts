import { LifeboatError } from "@lifeboat/contracts";

/**
 * A number of an option.
 *
 * @throws INVALID where it is not a number of at least `least`
 */
export function atLeast(least: number, value: number, decorator: string, option: string): number {
  if (value >= least) return value;
  throw new LifeboatError({
    code: "INVALID",
    operation: "storage.open",
    message: `Expected ${option} of ${decorator} to be a number of at least ${least}, found ${value}.`,
  });
}
