import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScheduleOption } from "../../src/index.ts";
import { type ActionFacts, type ActionRules, nextAction, pauseAfter } from "../../src/lib/plans/next-action.ts";
import { parseSchedule } from "../../src/lib/plans/schedule.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const time = (text: string) => Date.parse(text);
const show = (at: number) => new Date(at).toISOString().replace(/:00\.000Z$/, "Z");
const retry = { firstMs: 5 * MIN, longestMs: 6 * HOUR };

function rules(option: ScheduleOption, offsetMs = 0): ActionRules {
  return { schedule: parseSchedule(option, "Europe/Berlin", "schedule"), retry, offsetMs };
}

interface Told {
  readonly last?: { readonly due?: string; readonly started: string };
  readonly failures?: readonly string[];
}

function facts({ last, failures = [] }: Told): ActionFacts {
  const due = last?.due === undefined ? {} : { due: time(last.due) };
  return { last: last === undefined ? null : { started: time(last.started), ...due }, failures: failures.map(time) };
}

describe("when a nightly plan runs next, and why", () => {
  const NIGHT = { last: { due: "2026-01-11T01:00Z", started: "2026-01-11T01:00Z" } };
  const cases: readonly [string, Told, string, { at: string; due: string; reason: string }][] = [
    [
      "where there is no backup yet: at once",
      {},
      "2026-01-11T15:00Z",
      { at: "2026-01-11T15:00Z", due: "2026-01-11T01:00Z", reason: "first" },
    ],
    [
      "by day: the next night",
      NIGHT,
      "2026-01-11T15:00Z",
      { at: "2026-01-12T01:00Z", due: "2026-01-12T01:00Z", reason: "schedule" },
    ],
    [
      "at its time: now",
      NIGHT,
      "2026-01-12T01:00Z",
      { at: "2026-01-12T01:00Z", due: "2026-01-12T01:00Z", reason: "schedule" },
    ],
    [
      "a minute late: still its time",
      NIGHT,
      "2026-01-12T01:01Z",
      { at: "2026-01-12T01:00Z", due: "2026-01-12T01:00Z", reason: "schedule" },
    ],
    [
      "started in the morning after a night off: made up for once",
      NIGHT,
      "2026-01-12T08:00Z",
      { at: "2026-01-12T01:00Z", due: "2026-01-12T01:00Z", reason: "missed" },
    ],
    [
      "after a week off: for the last night only",
      NIGHT,
      "2026-01-18T08:00Z",
      { at: "2026-01-18T01:00Z", due: "2026-01-18T01:00Z", reason: "missed" },
    ],
    [
      "after it was made up for: the next night",
      { last: { due: "2026-01-12T01:00Z", started: "2026-01-12T08:00Z" } },
      "2026-01-12T08:05Z",
      { at: "2026-01-13T01:00Z", due: "2026-01-13T01:00Z", reason: "schedule" },
    ],
    [
      "restarted an hour after a backup: not again",
      { last: { due: "2026-01-12T01:00Z", started: "2026-01-12T01:00Z" } },
      "2026-01-12T02:00Z",
      { at: "2026-01-13T01:00Z", due: "2026-01-13T01:00Z", reason: "schedule" },
    ],
    [
      "made by hand since the slot: not again",
      { last: { started: "2026-01-12T07:00Z" } },
      "2026-01-12T08:00Z",
      { at: "2026-01-13T01:00Z", due: "2026-01-13T01:00Z", reason: "schedule" },
    ],
    [
      "made by hand before the slot: still due",
      { last: { started: "2026-01-12T00:30Z" } },
      "2026-01-12T01:00Z",
      { at: "2026-01-12T01:00Z", due: "2026-01-12T01:00Z", reason: "schedule" },
    ],
    [
      "failed once: five minutes later",
      { ...NIGHT, failures: ["2026-01-12T01:10Z"] },
      "2026-01-12T01:10Z",
      { at: "2026-01-12T01:15Z", due: "2026-01-12T01:00Z", reason: "retry" },
    ],
    [
      "failed three times: twenty minutes later",
      { ...NIGHT, failures: ["2026-01-12T01:10Z", "2026-01-12T01:20Z", "2026-01-12T01:40Z"] },
      "2026-01-12T01:41Z",
      { at: "2026-01-12T02:00Z", due: "2026-01-12T01:00Z", reason: "retry" },
    ],
    [
      "failed, and off since: at once when it is back",
      { ...NIGHT, failures: ["2026-01-12T01:10Z"] },
      "2026-01-12T08:00Z",
      { at: "2026-01-12T01:15Z", due: "2026-01-12T01:00Z", reason: "retry" },
    ],
    [
      "the first one failed: tried again as any other",
      { failures: ["2026-01-11T15:00Z"] },
      "2026-01-11T15:01Z",
      { at: "2026-01-11T15:05Z", due: "2026-01-11T01:00Z", reason: "retry" },
    ],
    [
      "failed since days: at the next slot at the latest",
      { ...NIGHT, failures: [...Array(20).fill("2026-01-12T01:10Z"), "2026-01-12T22:00Z"] },
      "2026-01-12T22:00Z",
      { at: "2026-01-13T01:00Z", due: "2026-01-13T01:00Z", reason: "schedule" },
    ],
    [
      "clock set back behind a backup that is gone from view: by what is left",
      { last: { due: "2026-01-11T01:00Z", started: "2026-01-11T01:00Z" } },
      "2026-01-10T12:00Z",
      { at: "2026-01-12T01:00Z", due: "2026-01-12T01:00Z", reason: "schedule" },
    ],
    [
      "clock set forward by a month: made up for once",
      NIGHT,
      "2026-02-20T12:00Z",
      { at: "2026-02-20T01:00Z", due: "2026-02-20T01:00Z", reason: "missed" },
    ],
  ];
  it.each(cases)("%s", (_, told, now, expected) => {
    const { at, due, reason } = nextAction(rules("0 2 * * *"), facts(told), time(now));
    expect({ at: show(at), due: show(due), reason }).toEqual(expected);
  });
});

describe("when a plan runs that has an interval", () => {
  const every = rules({ every: "24h" });
  const next = (told: Told, now: string) => {
    const { at, reason } = nextAction(every, facts(told), time(now));
    return `${show(at)} ${reason}`;
  };

  it("not at a start while the newest backup is younger than the interval", () => {
    const last = { started: "2026-01-11T09:00Z" };
    expect(next({ last }, "2026-01-12T08:59Z")).toBe("2026-01-12T09:00Z schedule");
    expect(next({ last }, "2026-01-12T09:00Z")).toBe("2026-01-12T09:00Z schedule");
    expect(next({ last }, "2026-01-14T10:00Z")).toBe("2026-01-14T09:00Z missed");
  });

  it("every day on a machine that is on for an hour a day, whenever that is", () => {
    let last = time("2026-01-01T09:00Z");
    for (const on of ["2026-01-02T12:00Z", "2026-01-03T12:30Z", "2026-01-04T13:00Z"]) {
      const { at } = nextAction(every, { last: { started: last }, failures: [] }, time(on));
      expect(at).toBeLessThanOrEqual(time(on));
      last = time(on);
    }
  });
});

it("Jitter puts every slot off by the same, but not what is late already", () => {
  const some = rules("0 2 * * *", 7 * MIN);
  const last = { due: "2026-01-11T01:00Z", started: "2026-01-11T01:07Z" };
  const at = (told: Told, now: string) => show(nextAction(some, facts(told), time(now)).at);
  expect(at({ last }, "2026-01-11T15:00Z")).toBe("2026-01-12T01:07Z");
  expect(at({ last }, "2026-01-12T01:03Z")).toBe("2026-01-12T01:07Z");
  expect(at({ last, failures: ["2026-01-12T01:08Z"] }, "2026-01-12T01:09Z")).toBe("2026-01-12T01:13Z");
  expect(at({}, "2026-01-12T15:00Z")).toBe("2026-01-12T15:00Z");
});

it("Pauses double up to the longest", () => {
  expect([1, 2, 3, 7, 8, 1000].map((n) => pauseAfter(n, retry) / MIN)).toEqual([5, 10, 20, 320, 360, 360]);
});

describe("whatever happens", () => {
  const options = fc.constantFrom<ScheduleOption>(
    "0 2 * * *",
    "*/20 * * * *",
    "30 2 * * 1",
    { every: "24h" },
    { every: "48h", at: "02:30" },
  );
  const from = time("2026-03-20T00:00Z");
  const until = from + 20 * 24 * HOUR;

  it("a slot that is covered is never due, and one that failed comes to an attempt by the next slot", () => {
    const moment = fc.integer({ min: from, max: until });
    const failures = fc.array(fc.integer({ min: 1, max: 12 * HOUR }), { maxLength: 6 });
    fc.assert(
      fc.property(options, moment, failures, fc.integer({ min: 0, max: 20 * HOUR }), (option, started, gaps, after) => {
        const all = rules(option);
        const last = { started };
        let failed = started;
        const ends = gaps.map((gap) => (failed += gap));
        const now = failed + after;
        const { at, due } = nextAction(all, { last, failures: ends }, now);
        expect(due).toBeGreaterThan(started);
        const next = all.schedule.next(last, now);
        expect(at).toBeLessThanOrEqual(next);
        if (all.schedule.missed(last, now) === null) expect(at).toBe(next);
        else if (ends.length === 0) expect(at).toBeLessThanOrEqual(now);
        else expect(at).toBeLessThanOrEqual(Math.max(failed, now) + retry.longestMs);
      }),
      { numRuns: 100 },
    );
  });

  it("every slot gets one success where every attempt succeeds, and none is made up for twice", () => {
    const offs = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 30 * HOUR })), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(options, offs, (option, restarts) => {
        const all = rules(option);
        const successes: { due: number; started: number }[] = [];
        const away = [...restarts].map(([n, ms]) => ({ n: n + successes.length, ms }));
        let now = from;
        for (let n = 0; now < until; n++) {
          const last = successes.at(-1) ?? null;
          const action = nextAction(all, { last, failures: [] }, now);
          now = Math.max(now, action.at) + (away.find((each) => each.n === n)?.ms ?? 0);
          // A machine that was off looks again when it comes back.
          const again = nextAction(all, { last, failures: [] }, now);
          expect(again.at).toBeLessThanOrEqual(now);
          successes.push({ due: again.due, started: now });
          now += 1000;
        }
        const dues = successes.map(({ due }) => due);
        expect(new Set(dues).size).toBe(dues.length);
        expect([...dues].sort((a, b) => a - b)).toEqual(dues);
      }),
      { numRuns: 12 },
    );
  });
});
