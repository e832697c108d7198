/**
 * Milliseconds since 1970 as `utimes` must be told to get them within their
 * millisecond. Node takes a negative number for "now", but not a text that says it.
 * libuv keeps nanoseconds, or, before Node 24, cuts off below the microsecond towards
 * zero: half a microsecond more survives both, and stays within the millisecond.
 */
export function systemTime(ms: number): number | string {
  const seconds = (Math.floor(ms * 1000) + 0.5) / 1e6;
  return seconds < 0 ? String(seconds) : seconds;
}
