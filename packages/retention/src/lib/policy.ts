import type { Trigger } from "@lifeboat/contracts";
import { type CalendarSpan, parseSpan } from "./duration.ts";
import { invalid } from "./invalid.ts";
import type { PeriodRule } from "./reasons.ts";
import { parseBytes } from "./size.ts";
import type { RetentionPolicy } from "./types.ts";

/** A policy that was read: without rules that are turned off, and "unlimited" as infinity. */
export interface Rules {
  readonly last: number;
  readonly within: CalendarSpan | null;
  readonly periods: readonly Counted[];
  readonly withinPeriods: readonly Within[];
  readonly withinOf: "latest" | "now";
  /** Those for which the rules above are not. */
  readonly triggers: ReadonlyMap<Trigger, OwnRule | "keep">;
  readonly maxTotalSize: number;
}

interface Counted {
  readonly rule: PeriodRule;
  readonly count: number;
}

interface Within {
  readonly rule: PeriodRule;
  readonly within: CalendarSpan;
}

/** A rule for the backups of one trigger alone. */
export interface OwnRule {
  readonly keepFor: CalendarSpan | null;
  readonly keepLast: number;
}

const TRIGGERS: readonly Trigger[] = ["manual", "scheduled", "pre-update", "pre-restore", "guard", "import"];
const DEFAULT_TRIGGERS: NonNullable<RetentionPolicy["triggers"]> = {
  manual: "keep",
  import: "keep",
  "pre-update": { keepFor: "3w" },
  "pre-restore": { keepFor: "3w" },
};

const COUNTS = [
  ["keepHourly", "hourly"],
  ["keepDaily", "daily"],
  ["keepWeekly", "weekly"],
  ["keepMonthly", "monthly"],
  ["keepYearly", "yearly"],
] as const;
const WITHINS = [
  ["keepWithinHourly", "hourly"],
  ["keepWithinDaily", "daily"],
  ["keepWithinWeekly", "weekly"],
  ["keepWithinMonthly", "monthly"],
  ["keepWithinYearly", "yearly"],
] as const;
const OPTIONS: readonly string[] = [
  "keepLast",
  ...COUNTS.map(([option]) => option),
  "keepWithin",
  ...WITHINS.map(([option]) => option),
  "keepWithinOf",
  "triggers",
  "maxTotalSize",
];

/**
 * Refuses a policy that can't be meant: an unknown option, a count or duration that is none, or no rule at all.
 * `name` is what the message calls it.
 *
 * @throws INVALID
 */
export function assertRetentionPolicy(policy: RetentionPolicy, name = "retention"): void {
  readPolicy(policy, name);
}

/** Reads a policy. @throws INVALID */
export function readPolicy(policy: RetentionPolicy, name = "retention"): Rules {
  if (!isRecord(policy)) throw invalid(name, "a policy such as { keepLast: 10 }", policy);
  expectKnown(policy, OPTIONS, name);
  const rules: Rules = {
    last: count(policy.keepLast, `${name}.keepLast`),
    within: span(policy.keepWithin, `${name}.keepWithin`),
    periods: COUNTS.map(([option, rule]) => ({ rule, count: count(policy[option], `${name}.${option}`) })).filter(
      (each) => each.count > 0,
    ),
    withinPeriods: WITHINS.flatMap(([option, rule]) => {
      const within = span(policy[option], `${name}.${option}`);
      return within === null ? [] : [{ rule, within }];
    }),
    withinOf: withinOf(policy.keepWithinOf, `${name}.keepWithinOf`),
    triggers: triggers(policy.triggers, `${name}.triggers`),
    maxTotalSize:
      policy.maxTotalSize === undefined ? Infinity : parseBytes(policy.maxTotalSize, `${name}.maxTotalSize`),
  };
  const rulesThatKeep = [
    rules.last > 0,
    rules.within !== null,
    rules.periods.length > 0,
    rules.withinPeriods.length > 0,
  ];
  if (rulesThatKeep.includes(true)) return rules;
  throw invalid(
    name,
    "a policy with a rule that keeps something",
    policy,
    'Give it one, such as keepLast: 10, or keepLast: "unlimited" to keep all that fits; without a policy nothing is ever removed.',
  );
}

function count(written: unknown, option: string): number {
  if (written === undefined) return 0;
  if (written === "unlimited") return Infinity;
  if (typeof written === "number" && Number.isSafeInteger(written) && written >= 0) return written;
  throw invalid(option, 'a whole number that is not negative, or "unlimited"', written);
}

function span(written: unknown, option: string): CalendarSpan | null {
  if (written === undefined) return null;
  const parsed = parseSpan(written, option);
  return parsed.text === "" ? null : parsed;
}

function withinOf(written: unknown, option: string): "latest" | "now" {
  if (written === undefined || written === "latest") return "latest";
  if (written === "now") return "now";
  throw invalid(option, '"latest" or "now"', written);
}

function triggers(written: unknown, option: string): Rules["triggers"] {
  const given = written ?? {};
  if (!isRecord(given)) throw invalid(option, 'rules by trigger, such as { manual: "policy" }', written);
  expectKnown(given, TRIGGERS, option);
  const own = new Map<Trigger, OwnRule | "keep">();
  for (const trigger of TRIGGERS) {
    const rule = given[trigger] ?? DEFAULT_TRIGGERS[trigger] ?? "policy";
    if (rule !== "policy") own.set(trigger, rule === "keep" ? rule : ownRule(rule, `${option}["${trigger}"]`));
  }
  return own;
}

function ownRule(written: unknown, option: string): OwnRule {
  if (!isRecord(written)) throw invalid(option, '"keep", "policy", or a rule such as { keepFor: "3w" }', written);
  expectKnown(written, ["keepFor", "keepLast"], option);
  return {
    keepFor: span(written.keepFor, `${option}.keepFor`),
    keepLast: count(written.keepLast, `${option}.keepLast`),
  };
}

function expectKnown(found: object, known: readonly string[], option: string): void {
  const unknown = Object.keys(found).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid(option, `one of the options ${known.join(", ")}`, unknown);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
