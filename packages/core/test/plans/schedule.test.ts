import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ScheduleOption } from "../../src/index.ts";
import { jitterOffset } from "../../src/lib/plans/jitter.ts";
import { parseSchedule } from "../../src/lib/plans/schedule.ts";

const schedule = (option: ScheduleOption, zone = "Europe/Berlin") => parseSchedule(option, zone, "schedule");
const time = (text: string) => Date.parse(text);
const show = (at: number | null) => (at === null ? null : new Date(at).toISOString().replace(/:00\.000Z$/, "Z"));

/** The slots of a schedule after `from`, each covered in its turn. */
function slots(option: ScheduleOption, from: string, count: number, zone?: string): (string | null)[] {
  const read = schedule(option, zone);
  const found: (string | null)[] = [];
  let at = time(from);
  while (found.length < count) {
    at = read.next({ due: at, started: at }, at);
    found.push(show(at));
  }
  return found;
}

describe("the slots of a schedule", () => {
  const cases: readonly [string, ScheduleOption, string, string[]][] = [
    ["every night", "0 2 * * *", "2026-01-10T12:00Z", ["2026-01-11T01:00Z", "2026-01-12T01:00Z"]],
    ["with seconds", "30 0 2 * * *", "2026-01-10T12:00Z", ["2026-01-11T01:00:30.000Z"]],
    ["by a nickname", "@weekly", "2026-01-10T12:00Z", ["2026-01-10T23:00Z", "2026-01-17T23:00Z"]],
    [
      "in a time zone of its own",
      { cron: "0 2 * * *", timeZone: "Asia/Tokyo" },
      "2026-01-10T12:00Z",
      ["2026-01-10T17:00Z"],
    ],
    // The clock goes from 02:00 to 03:00 on 29 March: a day of 23 hours.
    [
      "at a time that does not exist once",
      "30 2 * * *",
      "2026-03-27T12:00Z",
      ["2026-03-28T01:30Z", "2026-03-29T01:00Z", "2026-03-30T00:30Z"],
    ],
    [
      "at times of which one does not exist once",
      "30 2,14 * * *",
      "2026-03-28T14:00Z",
      ["2026-03-29T01:00Z", "2026-03-29T12:30Z"],
    ],
    // It goes from 03:00 back to 02:00 on 25 October: a day of 25 hours.
    [
      "at a time that comes twice once",
      "30 2 * * *",
      "2026-10-23T12:00Z",
      ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"],
    ],
    [
      "every hour, when the clock goes forward",
      "0 * * * *",
      "2026-03-28T23:30Z",
      ["2026-03-29T00:00Z", "2026-03-29T01:00Z"],
    ],
    [
      "every hour, when the clock goes back",
      "0 * * * *",
      "2026-10-24T23:30Z",
      ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"],
    ],
    ["so long after the last", { every: "90m" }, "2026-01-10T12:00Z", ["2026-01-10T13:30Z", "2026-01-10T15:00Z"]],
    [
      "a day after the last, when the clock goes forward",
      { every: "24h" },
      "2026-03-28T01:30Z",
      ["2026-03-29T01:30Z", "2026-03-30T01:30Z"],
    ],
    [
      "a day after the last, at a time of day, when it goes forward",
      { every: "24h", at: "02:00" },
      "2026-03-27T12:00Z",
      ["2026-03-28T01:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z"],
    ],
    [
      "a day after the last, at a time of day, when it goes back",
      { every: "24h", at: "2:00" },
      "2026-10-24T12:00Z",
      ["2026-10-25T00:00Z", "2026-10-26T01:00Z"],
    ],
    [
      "every six hours from a time of day on",
      { every: "6h", at: "02:00" },
      "2026-01-10T12:00Z",
      ["2026-01-10T13:00Z", "2026-01-10T19:00Z", "2026-01-11T01:00Z"],
    ],
    [
      "every 90 minutes from a time of day on",
      { every: "90m", at: "00:15" },
      "2026-01-10T21:00Z",
      ["2026-01-10T21:45Z", "2026-01-10T23:15Z", "2026-01-11T00:45Z"],
    ],
    ["every third day", { every: "3d", at: "02:00" }, "2026-03-27T01:00Z", ["2026-03-30T00:00Z", "2026-04-02T00:00Z"]],
    ["every week", { every: "1w", at: "02:00" }, "2026-01-10T01:00Z", ["2026-01-17T01:00Z", "2026-01-24T01:00Z"]],
    [
      "on a day that comes every four years",
      "0 2 29 2 *",
      "2026-01-10T12:00Z",
      ["2028-02-29T01:00Z", "2032-02-29T01:00Z"],
    ],
  ];
  it.each(cases)("%s", (_, option, from, expected) => {
    expect(slots(option, from, expected.length)).toEqual(expected);
  });

  it("are those of its zone, however odd that is", () => {
    const odd = slots("15 0 * * *", "2026-04-04T00:00Z", 2, "Australia/Lord_Howe"); // puts the clock back by half an hour
    expect(odd).toEqual(["2026-04-04T13:15Z", "2026-04-05T13:45Z"]);
    expect(slots("0 2 * * *", "2026-01-01T00:00Z", 1, "Asia/Kathmandu")).toEqual(["2026-01-01T20:15Z"]);
    expect(slots("0 2 * * *", "2011-12-29T00:00Z", 2, "Pacific/Apia")).toEqual([
      "2011-12-29T12:00Z",
      "2011-12-30T12:00Z",
    ]); // there was no 30th
  });
});

describe("what a run covers", () => {
  const night = schedule("0 2 * * *");
  const missed = (option: ScheduleOption, last: { due?: string; started: string } | null, now: string) =>
    show(
      schedule(option).missed(
        last && { started: time(last.started), ...(last.due === undefined ? {} : { due: time(last.due) }) },
        time(now),
      ),
    );

  it("is the slot it was for, also where its clock was slow, and whatever came before it began", () => {
    const slot = "2026-01-11T01:00Z";
    for (const started of [slot, "2026-01-11T00:59:58Z", "2026-01-11T05:00Z"])
      expect(missed("0 2 * * *", { due: slot, started }, "2026-01-11T09:00Z")).toBeNull();
    expect(missed("0 2 * * *", { started: "2026-01-11T03:00Z" }, "2026-01-11T09:00Z")).toBeNull();
    expect(missed("0 2 * * *", { started: "2026-01-11T00:59Z" }, "2026-01-11T09:00Z")).toBe(slot);
  });

  it("is not what came later: of that, the latest was missed", () => {
    expect(missed("0 2 * * *", { started: "2026-01-11T03:00Z" }, "2026-01-15T09:00Z")).toBe("2026-01-15T01:00Z");
    expect(missed("0 2 * * *", null, "2026-01-15T09:00Z")).toBe("2026-01-15T01:00Z");
  });

  it("reckons an interval from the slot where a run was punctual, else from when it began", () => {
    const every = { every: "24h" };
    const punctual = { due: "2026-01-11T01:00Z", started: "2026-01-11T01:02Z" };
    expect(missed(every, punctual, "2026-01-12T00:59Z")).toBeNull();
    expect(missed(every, punctual, "2026-01-12T01:00Z")).toBe("2026-01-12T01:00Z");
    const late = { due: "2026-01-11T01:00Z", started: "2026-01-11T09:30Z" };
    expect(missed(every, late, "2026-01-12T09:29Z")).toBeNull();
    expect(missed(every, late, "2026-01-14T12:00Z")).toBe("2026-01-14T09:30Z");
    expect(show(schedule(every).next({ started: time("2026-01-11T09:30Z") }, time("2026-01-11T10:00Z")))).toBe(
      "2026-01-12T09:30Z",
    );
  });

  it("reckons every other day from the night it was for", () => {
    const other = { every: "48h", at: "02:00" };
    expect(missed(other, { started: "2026-01-11T00:30Z" }, "2026-01-11T09:00Z")).toBeNull(); // the night of the 10th
    expect(missed(other, { started: "2026-01-11T00:30Z" }, "2026-01-12T09:00Z")).toBe("2026-01-12T01:00Z");
    expect(missed(other, { started: "2026-01-11T02:30Z" }, "2026-01-12T09:00Z")).toBeNull();
    expect(missed(other, { started: "2026-01-11T02:30Z" }, "2026-01-14T09:00Z")).toBe("2026-01-14T01:00Z");
  });

  it("is never said to be both missed and yet to come", () => {
    const options = fc.constantFrom<ScheduleOption>(
      "0 2 * * *",
      "*/7 * * * *",
      "30 2,3 * * 1-5",
      "0 0 1 * *",
      { every: "24h" },
      { every: "5h" },
      { every: "48h", at: "02:30" },
      { every: "8h", at: "02:30" },
      { every: "1w", at: "23:59" },
    );
    const zones = fc.constantFrom("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC", "Asia/Kolkata");
    const moment = fc.integer({ min: time("2026-01-01T00:00Z"), max: time("2027-01-01T00:00Z") });
    const day = 86_400_000;
    const run = fc.option(
      fc.record({ started: moment, due: fc.option(fc.integer({ min: -3 * day, max: 1000 }), { nil: undefined }) }),
    );
    fc.assert(
      fc.property(options, zones, run, moment, (option, zone, past, now) => {
        const read = schedule(option, zone);
        const last = past && {
          started: past.started,
          due: past.due === undefined ? undefined : past.started + past.due,
        };
        const [slot, next] = [read.missed(last, now), read.next(last, now)];
        expect(next).toBeGreaterThan(now);
        if (slot === null) return;
        expect(slot).toBeLessThanOrEqual(now);
        if (last !== null) expect(slot).toBeGreaterThan(last.due ?? last.started);
        // A run for it, or after it, covers it.
        expect(read.missed({ due: slot, started: now }, now)).toBeNull();
        if (slot < now) expect(read.missed({ started: now }, now)).toBeNull();
        expect(read.next({ due: slot, started: slot }, now)).toBeGreaterThan(now);
      }),
      { numRuns: 100 },
    );
    expect(night.text).toBe("0 2 * * * (Europe/Berlin)");
  });
});

it("Jitter is always the same for one plan of one instance, and spreads many of them", () => {
  const offsets = Array.from({ length: 1000 }, (_, n) => jitterOffset(600_000, `host-${n}`, "nightly", "backup"));
  expect(jitterOffset(600_000, "host-1", "nightly", "backup")).toBe(offsets[1]);
  expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...offsets)).toBeLessThan(600_000);
  for (let tenth = 0; tenth < 10; tenth++) {
    const some = offsets.filter((offset) => Math.floor(offset / 60_000) === tenth).length;
    expect(some).toBeGreaterThan(60);
    expect(some).toBeLessThan(140);
  }
  expect(schedule({ every: "24h", jitter: "10m" }).text).toBe("every 24h, up to 10 min later");
});
