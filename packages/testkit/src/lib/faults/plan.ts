import type { ErrorCode } from "@lifeboat/contracts";
import { randomNumbers } from "./random.ts";

/** Whether a fault strikes before the call took effect, or after it: the answer alone is lost. */
export type FaultMoment = "before" | "after";

/** What goes wrong at one call. */
export type Fault =
  /** The call rejects. Default: before it took effect, `UNREACHABLE`. Retryable by default only without an `error`. */
  | { readonly kind: "fail"; readonly when?: FaultMoment; readonly error?: ErrorCode; readonly retryable?: boolean }
  /** The call never answers; an abort ends it. Default: before it took effect. */
  | { readonly kind: "hang"; readonly when?: FaultMoment }
  /** As if the process died: this call and all that follow, or are under way, reject and do nothing more. */
  | { readonly kind: "crash"; readonly when?: FaultMoment }
  /** The call takes so many milliseconds longer. */
  | { readonly kind: "delay"; readonly ms: number }
  /** The body of a put or get silently ends after so many bytes. */
  | { readonly kind: "truncate"; readonly keep: number }
  /** One bit of the body of a put or get is silently turned over: that of the byte `at`, or of the last one where the body is shorter. Empty bodies stay. */
  | { readonly kind: "corrupt"; readonly at: number };

/** A fault at the n-th call, counted from 0. Plain data: what a failing test prints can be pasted back. */
export type PlannedFault = Fault & { readonly call: number };

/** How {@link randomPlan} chooses. */
export interface RandomPlanOptions {
  /** How many calls there are to choose from, as a run without faults has recorded them. */
  readonly calls: number;
  /** How many faults. Default: 1. */
  readonly faults?: number;
  /** Which kinds. Default: `fail` and `crash`, the ones that tell. */
  readonly kinds?: readonly Fault["kind"][];
}

/** Faults chosen by a seed: the same seed, the same plan. */
export function randomPlan(seed: number, options: RandomPlanOptions): readonly PlannedFault[] {
  const { calls, faults = 1, kinds = ["fail", "crash"] } = options;
  const below = randomNumbers(seed);
  const plan = Array.from({ length: faults }, () => {
    const call = below(Math.max(1, calls));
    return { call, ...faultOf(kinds[below(kinds.length)] ?? "fail", below) };
  });
  return plan.sort((a, b) => a.call - b.call);
}

function faultOf(kind: Fault["kind"], below: (limit: number) => number): Fault {
  const when = below(2) === 0 ? "before" : "after";
  switch (kind) {
    case "fail":
    case "crash":
    case "hang":
      return { kind, when };
    case "delay":
      return { kind, ms: below(20) };
    case "truncate":
      return { kind, keep: below(5000) };
    case "corrupt":
      return { kind, at: below(5000) };
  }
}

/** A plan as text that can be pasted into a test. */
export function printPlan(plan: readonly PlannedFault[]): string {
  return JSON.stringify(plan);
}
