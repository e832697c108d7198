/** So many bytes are in flight on each connection: what fills both of its windows of 2 MiB, with some to spare. */
const BYTES = 4 * 1024 * 1024;
const MOST_REQUESTS = 64;

/** How many requests of a size to have in flight on one connection. */
export function requestsInFlight(size: number): number {
  return Math.min(MOST_REQUESTS, Math.max(1, Math.ceil(BYTES / size)));
}

/** After so many bytes of an object on each connection it is worth while to have one more. */
export const WIDEN_AFTER = 2 * 1024 * 1024;
