/**
 * Milliseconds since 1970 as `utimes` must be told to get them to the microsecond.
 * Node takes a negative number for "now", but not a text that says it; libuv cuts
 * off below the microsecond, towards zero, so half of one is added.
 */
export function systemTime(ms: number): number | string {
  const micros = Math.floor(ms * 1000);
  return micros < 0 ? String((micros - 0.5) / 1e6) : (micros + 0.5) / 1e6;
}
