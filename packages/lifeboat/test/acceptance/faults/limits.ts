/**
 * The time limits that every storage of the matrix has: shorter than the defaults, so that a
 * matrix takes a minute or two. Milliseconds.
 */
export const LIMITS = {
  /** For a connection to come about. */
  connect: 5000,
  /** Of silence while an answer is due. */
  idle: 15_000,
  /** For trying again what failed, from its first failure. */
  retry: 10_000,
} as const;

/** Seconds that a busy machine may add to what the limits allow. */
export const SLACK = 8;

/** Nothing may take longer than this, in seconds: it would be a hang. */
export const HANG = 150;
