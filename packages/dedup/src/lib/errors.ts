import { LifeboatError } from "@lifeboat/contracts";

/** What decoders call where bytes are not as docs/spec/dedup.md says. */
export type Refuse = (problem: string) => never;

/** CORRUPT: `what` is not as docs/spec/dedup.md says. `problem` goes on after a colon. */
export function corrupt(what: string, problem: string, key?: string): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "dedup.read",
    key,
    message: `${what} is damaged: ${problem}.`,
    hint: "Verify the site: it tells which backups are touched, and the next backup stores again what it still can.",
  });
}

/** UNSUPPORTED: a version that this code does not know. */
export function newerVersion(what: string, found: number): LifeboatError {
  return new LifeboatError({
    code: "UNSUPPORTED",
    operation: "dedup.read",
    message: `Expected ${what} of version 1, found version ${found}.`,
    hint: "A newer Lifeboat wrote it: update this one.",
  });
}
