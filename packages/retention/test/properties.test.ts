import type { Trigger } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  applyRetention,
  type RetentionBackup,
  type RetentionCount,
  type RetentionOptions,
  type RetentionPolicy,
} from "../src/index.ts";

const START = Date.UTC(2025, 11, 20);
const TRIGGERS: readonly Trigger[] = ["manual", "scheduled", "pre-update", "pre-restore", "guard", "import"];
const SOURCES = ["settings", "database", "media"] as const;
const COUNTS = ["keepLast", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"] as const;
const WITHINS = [
  "keepWithin",
  "keepWithinHourly",
  "keepWithinDaily",
  "keepWithinWeekly",
  "keepWithinMonthly",
  "keepWithinYearly",
] as const;

/** Days that are near each other and others that are far apart, and several backups at one moment. */
const time = fc
  .tuple(fc.oneof(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 800 })), fc.integer({ min: 0, max: 47 }))
  .map(([day, half]) => new Date(START + day * 86_400_000 + half * 1_800_000));

const backups: fc.Arbitrary<RetentionBackup[]> = fc
  .array(
    fc.record({
      time,
      trigger: fc.oneof({ weight: 3, arbitrary: fc.constant<Trigger>("scheduled") }, fc.constantFrom(...TRIGGERS)),
      state: fc.oneof(
        { weight: 5, arbitrary: fc.constant("complete" as const) },
        fc.constantFrom("running" as const, "partial" as const, "errored" as const),
      ),
      sources: fc
        .subarray([...SOURCES])
        .chain((ids) =>
          fc
            .array(fc.boolean(), { minLength: ids.length, maxLength: ids.length })
            .map((whole) => ids.map((id, at) => ({ id, whole: whole[at] ?? true }))),
        ),
      preserve: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
      size: fc.nat(100),
      needs: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, fc.array(fc.nat(40).map(String), { maxLength: 2 })),
    }),
    { maxLength: 40 },
  )
  .map((found) => found.map((backup, at) => ({ ...backup, id: String(at) })));

const options: fc.Arbitrary<RetentionOptions> = fc.record({
  now: time,
  timeZone: fc.constantFrom("UTC", "Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu"),
  sources: fc.option(fc.subarray([...SOURCES]), { nil: undefined }),
});

type Span = readonly [years: number, months: number, days: number, hours: number];
const span: fc.Arbitrary<Span> = fc.tuple(fc.nat(1), fc.nat(5), fc.nat(20), fc.nat(40));
const text = ([y, m, d, h]: Span) => `${y}y${m}m${d}d${h}h`;

interface Amounts {
  readonly counts: readonly number[];
  readonly spans: readonly Span[];
  readonly keepFor: Span;
  readonly keepLast: number;
}

const amounts: fc.Arbitrary<Amounts> = fc.record({
  counts: fc.array(fc.oneof(fc.constant(0), fc.nat(6), fc.constant(1000)), { minLength: 6, maxLength: 6 }),
  spans: fc.array(fc.oneof(fc.constant<Span>([0, 0, 0, 0]), span), { minLength: 6, maxLength: 6 }),
  keepFor: span,
  keepLast: fc.nat(3),
});

function policyOf({ counts, spans, keepFor, keepLast }: Amounts, more: Partial<RetentionPolicy> = {}): RetentionPolicy {
  const count = (at: number): RetentionCount => (counts[at] === 1000 ? "unlimited" : (counts[at] ?? 0));
  return {
    ...Object.fromEntries(COUNTS.map((option, at) => [option, count(at)])),
    ...Object.fromEntries(WITHINS.map((option, at) => [option, text(spans[at] ?? [0, 0, 0, 0])])),
    triggers: { "pre-update": { keepFor: text(keepFor), keepLast }, import: "policy" },
    ...more,
  };
}

const keepsSomething = ({ counts, spans }: Amounts) =>
  counts.some((count) => count > 0) || spans.some((each) => each.some((amount) => amount > 0));

const more: fc.Arbitrary<Partial<RetentionPolicy>> = fc.record({
  maxTotalSize: fc.option(fc.nat(1500), { nil: undefined }),
  keepWithinOf: fc.constantFrom("latest" as const, "now" as const),
});

const policy = fc.tuple(amounts.filter(keepsSomething), more).map(([found, rest]) => policyOf(found, rest));

const ids = (list: readonly { readonly backup: RetentionBackup }[]) => list.map(({ backup }) => backup.id);
const isBackup = ({ state }: RetentionBackup) => state === undefined || state === "complete";

describe("retention, whatever the history and the policy,", () => {
  it("decides on each backup once, newest first, and has a reason for each", () => {
    fc.assert(
      fc.property(backups, policy, options, (history, rules, given) => {
        const { keep, remove } = applyRetention(history, rules, given);
        expect([...ids(keep), ...ids(remove)].sort()).toEqual(history.map(({ id }) => id).sort());
        for (const list of [keep, remove]) {
          expect(list.every(({ reasons }) => reasons.length > 0)).toBe(true);
          const times = list.map(({ backup }) => backup.time.getTime());
          expect(times).toEqual([...times].sort((a, b) => b - a));
        }
      }),
    );
  });

  it("never removes the latest of a source, nor the latest that holds all of it", () => {
    fc.assert(
      fc.property(backups, policy, options, (history, rules, given) => {
        const kept = new Set(ids(applyRetention(history, rules, given).keep));
        for (const source of given.sources ?? SOURCES) {
          const past = history.filter((backup) => isBackup(backup) && backup.time <= given.now);
          const holding = past.filter(({ sources }) => sources.some(({ id }) => id === source));
          const whole = past.filter(({ sources }) => sources.some((each) => each.id === source && each.whole));
          for (const list of [holding, whole]) {
            const newest = Math.max(...list.map(({ time }) => time.getTime()));
            const latest = list.filter(({ time }) => time.getTime() === newest);
            if (latest.length > 0) expect(latest.some(({ id }) => kept.has(id))).toBe(true);
          }
        }
      }),
    );
  });

  it("never removes a preserved or a manual backup, one that is being made, or one whose time is to come", () => {
    fc.assert(
      fc.property(backups, policy, options, (history, rules, given) => {
        for (const { backup } of applyRetention(history, rules, given).remove) {
          expect(backup.state).not.toBe("running");
          if (!isBackup(backup)) continue;
          expect(backup.preserve).toBe(false);
          expect(backup.trigger).not.toBe("manual");
          expect(backup.time <= given.now).toBe(true);
        }
      }),
    );
  });

  it("keeps what a kept one needs, and of what failed nothing else", () => {
    fc.assert(
      fc.property(backups, policy, options, (history, rules, given) => {
        const { keep } = applyRetention(history, rules, given);
        const kept = new Set(ids(keep));
        const needed = new Set(keep.flatMap(({ backup }) => backup.needs ?? []));
        for (const { id } of history) if (needed.has(id)) expect(kept.has(id)).toBe(true);
        for (const { backup } of keep) {
          if (backup.state === "errored" || backup.state === "partial") expect(needed.has(backup.id)).toBe(true);
        }
      }),
    );
  });

  it("changes nothing when it is applied to what it has kept", () => {
    fc.assert(
      fc.property(backups, policy, options, (history, rules, given) => {
        const once = applyRetention(history, rules, given);
        const twice = applyRetention(
          once.keep.map(({ backup }) => backup),
          rules,
          given,
        );
        expect(twice.remove).toEqual([]);
        expect(twice.excessBytes).toBe(once.excessBytes);
      }),
      { numRuns: 300 },
    );
  });

  it("keeps no less by a policy that is more", () => {
    fc.assert(
      fc.property(
        backups,
        amounts.filter(keepsSomething),
        amounts,
        options,
        fc.boolean(),
        (history, less, added, given, now) => {
          const grown: Amounts = {
            counts: less.counts.map((count, at) => count + (added.counts[at] ?? 0)),
            spans: less.spans.map((each, at) => sum(each, added.spans[at] ?? each)),
            keepFor: sum(less.keepFor, added.keepFor),
            keepLast: less.keepLast + added.keepLast,
          };
          const rest: Partial<RetentionPolicy> = { keepWithinOf: now ? "now" : "latest" };
          const few = ids(applyRetention(history, policyOf(less, rest), given).keep);
          const many = new Set(ids(applyRetention(history, policyOf(grown, rest), given).keep));
          expect(few.filter((id) => !many.has(id))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps no less where there is more room, and never more than there is but what must stay", () => {
    fc.assert(
      fc.property(backups, policy, options, fc.nat(1500), fc.nat(500), (history, rules, given, room, added) => {
        const tight = applyRetention(history, { ...rules, maxTotalSize: room }, given);
        const wide = applyRetention(history, { ...rules, maxTotalSize: room + added }, given);
        const kept = new Set(ids(wide.keep));
        expect(ids(tight.keep).filter((id) => !kept.has(id))).toEqual([]);
        const bytes = tight.keep.reduce((total, { backup }) => total + (backup.size ?? 0), 0);
        expect(bytes).toBeLessThanOrEqual(room + tight.excessBytes);
        const none = applyRetention(history, { ...rules, maxTotalSize: 0 }, given);
        if (tight.excessBytes > 0) expect(ids(tight.keep)).toEqual(ids(none.keep));
      }),
    );
  });

  it("does not go by the order in which it is told of backups", () => {
    fc.assert(
      fc.property(backups, policy, options, fc.infiniteStream(fc.nat()), (history, rules, given, random) => {
        const shuffled = history
          .map((backup) => ({ backup, at: random.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ backup }) => backup);
        expect(applyRetention(shuffled, rules, given)).toEqual(applyRetention(history, rules, given));
      }),
    );
  });

  it("only ever adds a reason by preserving a backup", () => {
    fc.assert(
      fc.property(backups, policy, options, fc.nat(40), (history, limited, given, which) => {
        const rules = { ...limited, maxTotalSize: undefined };
        const before = ids(applyRetention(history, rules, given).keep);
        const marked = history.map((backup, at) => (at === which ? { ...backup, preserve: true } : backup));
        const after = new Set(ids(applyRetention(marked, rules, given).keep));
        expect(before.filter((id) => !after.has(id))).toEqual([]);
      }),
    );
  });
});

function sum(a: Span, b: Span): Span {
  return [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]];
}
