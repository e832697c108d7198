import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { calendarOf } from "../src/lib/calendar.ts";
import { parseSpan } from "../src/lib/duration.ts";

describe("a week", () => {
  it.each([
    ["2026-12-27", "2026-W52"], // a Sunday
    ["2026-12-28", "2026-W53"],
    ["2026-12-31", "2026-W53"],
    ["2027-01-01", "2026-W53"],
    ["2027-01-03", "2026-W53"],
    ["2027-01-04", "2027-W01"],
    ["2024-12-30", "2025-W01"],
    ["2023-01-01", "2022-W52"],
    ["2020-02-29", "2020-W09"],
    ["0004-01-01", "0004-W01"],
  ])("%s is in %s", (day, week) => {
    expect(calendarOf("UTC").period("weekly", new Date(`${day}T12:00:00Z`))).toBe(week);
  });

  it("is the same from Monday to Sunday, and another one on the next Monday", () => {
    const calendar = calendarOf("UTC");
    fc.assert(
      fc.property(fc.integer({ min: -5000, max: 50_000 }), fc.integer({ min: 0, max: 6 }), (week, day) => {
        const monday = Date.UTC(1970, 0, 5 + 7 * week);
        const on = (days: number) => calendar.period("weekly", new Date(monday + days * 86_400_000));
        expect(on(day)).toBe(on(0));
        expect(on(7)).not.toBe(on(0));
      }),
    );
  });
});

describe("a day, and an hour", () => {
  it.each([
    ["Europe/Berlin", "2026-11-20T23:30:00Z", "2026-11-21T00"],
    ["Europe/Berlin", "2026-07-20T22:30:00Z", "2026-07-21T00"],
    ["Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02"], // the first time,
    ["Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-25T02"], // and again
    ["Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01"],
    ["Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03"],
    ["Asia/Kathmandu", "2026-01-01T18:20:00Z", "2026-01-02T00"],
    ["Australia/Lord_Howe", "2026-04-04T15:15:00Z", "2026-04-05T01"], // half an hour
    ["Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29T23"], // the 30th was left out
    ["Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31T00"],
    ["UTC", "1899-12-31T23:59:59.999Z", "1899-12-31T23"],
    ["Europe/Berlin", "1890-06-01T23:07:00Z", "1890-06-02T00"], // 53 minutes and 28 seconds ahead,
  ])("in %s at %s is %s", (zone, time, hour) => {
    const calendar = calendarOf(zone);
    expect(calendar.period("hourly", new Date(time))).toBe(hour);
    expect(calendar.period("daily", new Date(time))).toBe(hour.slice(0, 10));
    expect(calendar.period("monthly", new Date(time))).toBe(hour.slice(0, 7));
    expect(calendar.period("yearly", new Date(time))).toBe(hour.slice(0, 4));
  });
});

describe("reckoning back", () => {
  it.each([
    ["Europe/Berlin", "2026-11-20T01:00:00Z", "1d", "2026-11-19T01:00:00.000Z"],
    ["Europe/Berlin", "2026-11-20T01:00:00Z", "2m", "2026-09-20T00:00:00.000Z"], // 02:00 both times
    ["Europe/Berlin", "2026-10-26T01:00:00Z", "24h", "2026-10-25T01:00:00.000Z"],
    ["Europe/Berlin", "2026-10-26T01:30:00Z", "1d", "2026-10-25T01:30:00.000Z"], // 02:30, which was there twice
    ["Europe/Berlin", "2026-03-30T00:30:00Z", "1d", "2026-03-29T01:30:00.000Z"], // 02:30, which was not there
    ["UTC", "2026-10-31T12:00:00Z", "1m", "2026-10-01T12:00:00.000Z"], // there is no 31st of September
    ["UTC", "2024-02-29T12:00:00Z", "1y", "2023-03-01T12:00:00.000Z"],
    ["UTC", "2026-03-31T12:00:00Z", "1m1d", "2026-03-02T12:00:00.000Z"],
    ["UTC", "2026-11-20T12:00:00.123Z", "3w1h", "2026-10-30T11:00:00.123Z"],
    ["UTC", "0050-01-01T00:00:00Z", "1y", "0049-01-01T00:00:00.000Z"],
  ])("in %s from %s by %s leads to %s", (zone, time, span, expected) => {
    const before = calendarOf(zone).before(new Date(time), parseSpan(span, "keepWithin"));
    expect(new Date(before).toISOString()).toBe(expected);
  });

  it("further than there is time reaches everything", () => {
    const before = calendarOf("Europe/Berlin").before(new Date(), parseSpan("999999y", "keepWithin"));
    expect(before).toBe(Number.NEGATIVE_INFINITY);
  });
});
