import type { Violation } from "@lifeboat/testkit";

/** A seed in which an order, turned around, breaks a promise; in its right order it keeps them all. */
export interface Finding {
  /** How the order's name begins. */
  readonly order: string;
  readonly seed: number;
  readonly promise: Violation["promise"];
}

/** What `npm run simulate -- --format dedup --turned "P4 before P5"` has found. */
export const FINDINGS: readonly Finding[] = [
  { order: "W5 before W7", seed: 0, promise: "whole" },
  { order: "W6 before W7", seed: 0, promise: "whole" },
  { order: "a run that failed", seed: 12, promise: "whole" },
  { order: "P6 before P7", seed: 47, promise: "whole" },
];
