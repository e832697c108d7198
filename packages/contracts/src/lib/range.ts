import { LifeboatError } from "./errors.ts";
import type { ByteRange } from "./storage.ts";

/** A half-open span of bytes with both ends. */
export interface ResolvedRange {
  readonly start: number;
  /** `Infinity` where it was left open. */
  readonly end: number;
}

/**
 * A range with both ends, `end` being `Infinity` where it was left open.
 *
 * @throws INVALID where it is not made of whole numbers with `0 <= start <= end`
 */
export function resolveRange(range: ByteRange | undefined, operation: string, key: string): ResolvedRange {
  const start = range?.start ?? 0;
  const end = range?.end ?? Number.POSITIVE_INFINITY;
  const valid = Number.isSafeInteger(start) && (end === Number.POSITIVE_INFINITY || Number.isSafeInteger(end));
  if (valid && start >= 0 && end >= start) return { start, end };
  throw new LifeboatError({
    code: "INVALID",
    operation,
    key,
    message: `Expected a range of whole numbers with 0 <= start <= end, found [${start}, ${end}).`,
  });
}
