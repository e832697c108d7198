import type { Trigger } from "@lifeboat/contracts";
import { formatBytes } from "./size.ts";

/** The rules that go by the calendar. */
export type PeriodRule = "hourly" | "daily" | "weekly" | "monthly" | "yearly";

/**
 * Why a backup stays:
 * - `last`: it is the `rank`-th newest
 * - `period`: it is the newest of its hour, day, week, month or year; with `oldest` it only is the oldest of all, and the count was not used up; with `within` the rule is one of `keepWithin…`
 * - `within`: it is younger than that
 * - `trigger`: for what it was made for; for so long (`keepFor`), or as one of the newest such (`rank`)
 * - `latest`: it is the latest of these sources, or with `whole` the latest that holds all of them. `all`: of all that it holds
 * - `preserved`: somebody said so
 * - `needed`: these kept ones need it
 * - `ahead`: its time is still to come, so a clock is wrong, or was
 * - `running`: it is being made
 */
export type KeepReason =
  | { readonly kind: "last"; readonly rank: number }
  | {
      readonly kind: "period";
      readonly rule: PeriodRule;
      readonly period: string;
      readonly oldest: boolean;
      readonly within?: string;
    }
  | { readonly kind: "within"; readonly within: string }
  | { readonly kind: "trigger"; readonly trigger: Trigger; readonly keepFor?: string; readonly rank?: number }
  | { readonly kind: "latest"; readonly sources: readonly string[]; readonly whole: boolean; readonly all: boolean }
  | { readonly kind: "preserved" }
  | { readonly kind: "needed"; readonly by: readonly string[] }
  | { readonly kind: "ahead" }
  | { readonly kind: "running" };

/**
 * Why a backup goes:
 * - `partial`: it was never finished
 * - `errored`: its run failed
 * - `beyond`: as many as the rule counts are newer
 * - `replaced`: of its hour, day, week, month or year the rule keeps `by`
 * - `too-old`: it is older than the rule reaches back
 * - `over-size`: the newer ones take all of the room there is; `otherwise` is what would have kept it
 */
export type RemoveReason =
  | { readonly kind: "partial" }
  | { readonly kind: "errored" }
  | {
      readonly kind: "beyond";
      readonly rule: PeriodRule | "last";
      readonly count: number;
      readonly trigger?: Trigger;
    }
  | {
      readonly kind: "replaced";
      readonly rule: PeriodRule;
      readonly period: string;
      readonly by: string;
      readonly within?: string;
    }
  | {
      readonly kind: "too-old";
      readonly rule: PeriodRule | "all";
      readonly within: string;
      readonly trigger?: Trigger;
    }
  | { readonly kind: "over-size"; readonly maxTotalSize: number; readonly otherwise: readonly KeepReason[] };

/** A reason as a few words: `weekly 2026-W47`, `latest of database`, `beyond the last 10`. */
export function describeReason(reason: KeepReason | RemoveReason): string {
  switch (reason.kind) {
    case "last":
      return `last #${reason.rank}`;
    case "period":
      return `${reason.oldest ? "oldest " : ""}${reason.rule} ${reason.period}${within(reason)}`;
    case "within":
      return `within ${reason.within}`;
    case "trigger":
      return describeTrigger(reason);
    case "latest":
      return `latest${reason.whole ? " whole one" : ""}${reason.all ? "" : ` of ${reason.sources.join(", ")}`}`;
    case "preserved":
      return "preserved";
    case "needed":
      return `needed by ${reason.by.join(", ")}`;
    case "ahead":
      return "ahead of the clock";
    case "running":
      return "being made";
    case "partial":
      return "never finished";
    case "errored":
      return "failed";
    case "beyond":
      return reason.rule === "last"
        ? `beyond the last ${reason.count}${reason.trigger === undefined ? "" : ` ${reason.trigger}`}`
        : `beyond ${reason.count} ${reason.rule}`;
    case "replaced":
      return `${reason.rule} ${reason.period}${within(reason)} is ${reason.by}`;
    case "too-old":
      return `${reason.trigger === undefined ? "" : `${reason.trigger} `}older than ${reason.within}${reason.rule === "all" ? "" : ` (${reason.rule})`}`;
    case "over-size":
      return `over the total of ${formatBytes(reason.maxTotalSize)}, else ${reason.otherwise.map(describeReason).join(", ")}`;
  }
}

/** Reasons as a line: `kept: weekly 2026-W47, latest`, or `removed: beyond the last 10`. */
export function describeReasons(reasons: readonly (KeepReason | RemoveReason)[]): string {
  const removed = reasons.some(({ kind }) => REMOVED.has(kind));
  return `${removed ? "removed" : "kept"}: ${reasons.map(describeReason).join(", ")}`;
}

const REMOVED: ReadonlySet<string> = new Set<RemoveReason["kind"]>([
  "partial",
  "errored",
  "beyond",
  "replaced",
  "too-old",
  "over-size",
]);

function describeTrigger({ trigger, keepFor, rank }: KeepReason & { readonly kind: "trigger" }): string {
  if (rank !== undefined) return `last ${trigger} #${rank}`;
  return keepFor === undefined ? trigger : `${trigger} for ${keepFor}`;
}

function within({ within }: { readonly within?: string }): string {
  return within === undefined ? "" : ` within ${within}`;
}
