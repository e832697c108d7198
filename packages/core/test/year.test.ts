import { describe, expect, it } from "vitest";
import { printYear } from "./year/calendar.ts";
import { judge, type Truth } from "./year/judge.ts";
import { slotsByTheWall } from "./year/slots.ts";
import type { SeenBackup, Watch } from "./year/watch.ts";
import { DAY, HOUR, MIN } from "./year/weather.ts";
import { liveAYear } from "./year/year.ts";

// `npm run year -- --seed 7` lives through a whole year, and prints it as a calendar.

describe("a nightly plan in bad weather, for three weeks", () => {
  it.each([
    ["in which the clock goes forward", "2026-03-15", 3],
    ["in which the clock goes back", "2026-10-11", 4],
  ])("%s, has a reason for each missed night, no night twice, and what retention says", async (_, from, seed) => {
    const beginning = new Date(`${from}T12:00:00Z`);
    const year = await liveAYear({ seed, beginning, days: 21, timeZone: "Europe/Berlin" });
    if (year.wrong.length > 0) expect.fail(printYear(year));
    expect(year.days).toHaveLength(22);
    expect(year.made).toBeGreaterThan(10);
    expect(year.prunes).toBeGreaterThan(10);
    expect(year.left).toBeLessThan(year.made);
  });
});

describe("a year is found wrong", () => {
  const from = Date.parse("2026-05-31T12:00Z");
  const slots = slotsByTheWall(from, from + 3 * DAY, { timeZone: "Europe/Berlin", time: "02:30" });
  const fine: Truth = { off: [], asleep: [], down: [], away: [], failing: [] };
  const backup = (slot: number, after = 1000, changes: Partial<SeenBackup> = {}): SeenBackup => {
    const time = new Date(slot + after);
    return {
      id: time.toISOString(),
      time,
      trigger: "scheduled",
      sources: [],
      due: slot,
      made: slot + after + MIN,
      ...changes,
    };
  };
  const judged = (made: readonly SeenBackup[], truth = fine) => {
    const seen: Watch = { made, there: new Map(), failures: new Map(), prunes: 0, wrong: [] };
    return judge(slots, from + 3 * DAY, seen, truth);
  };
  const all = slots.map((slot) => backup(slot));

  it("not where each night has its backup, or a reason for having none", () => {
    expect(slots.map((slot) => new Date(slot).toISOString().slice(0, 16))).toEqual([
      "2026-06-01T00:30",
      "2026-06-02T00:30",
      "2026-06-03T00:30",
    ]);
    expect(judged(all).wrong).toEqual([]);
    const off = [{ from: slots[1]! - HOUR, to: slots[2]! }];
    expect(judged([all[0]!, all[2]!], { ...fine, off })).toMatchObject({
      wrong: [],
      days: [{ verdict: "on time" }, { verdict: "missed", reasons: ["machine off 24 h"] }, { verdict: "on time" }],
    });
  });

  it.each([
    ["a night has two", [...all, backup(slots[1]!, HOUR)], /made 2 times/],
    ["a night has none", [all[0]!, all[2]!], /missed without a reason/],
    ["one is late for nothing", [all[0]!, backup(slots[1]!, HOUR), all[2]!], /late without a reason/],
    [
      "one is made although somebody has made one by hand",
      [
        all[0]!,
        backup(slots[1]!, MIN, { due: undefined, made: slots[1]! + 2 * MIN }),
        backup(slots[1]!, 8 * MIN),
        all[2]!,
      ],
      /although/,
    ],
    ["one is for a time when nothing was due", [...all, backup(slots[1]! + HOUR)], /nothing was due/],
  ])("where %s", (_, made, message) => {
    expect(judged(made).wrong.join("\n")).toMatch(message);
  });

  it("where the weather was good for long enough", () => {
    const off = [{ from: slots[1]! - HOUR, to: slots[1]! + 10 * HOUR }];
    const late = backup(slots[1]!, 12 * HOUR);
    expect(judged([all[0]!, late, all[2]!], { ...fine, off }).wrong.join("\n")).toMatch(/nothing begun by/);
  });
});
