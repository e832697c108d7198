import { isLifeboatError } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import { applyRetention, assertRetentionPolicy, type RetentionPolicy } from "../src/index.ts";

const UTC = { now: new Date("2026-11-20T12:00:00Z"), timeZone: "UTC" };

function refusal(policy: unknown): string {
  try {
    assertRetentionPolicy(policy as RetentionPolicy);
  } catch (error) {
    if (!isLifeboatError(error, "INVALID")) throw error;
    return error.message;
  }
  return "taken";
}

describe("a policy", () => {
  it.each<RetentionPolicy>([
    { keepLast: 1 },
    { keepDaily: "unlimited" },
    { keepLast: 0, keepYearly: 1 },
    { keepWithin: "1y2m3w4d5h" },
    { keepWithinWeekly: "5h1y" },
    { keepWithin: " 3w " },
    { keepLast: 3, triggers: { manual: "policy", guard: { keepLast: 1 }, "pre-update": { keepFor: "2w" } } },
    { keepLast: "unlimited", maxTotalSize: "1.5GiB" },
    { keepLast: 3, maxTotalSize: 0 },
    { keepLast: 3, keepWithinOf: "now", keepDaily: undefined },
  ])("may be %j", (policy) => {
    expect(refusal(policy)).toBe("taken");
  });

  it.each<[unknown, RegExp]>([
    [{}, /with a rule that keeps something, found \{\}/],
    [{ keepLast: 0, keepWithin: "0d" }, /with a rule that keeps something/],
    [{ maxTotalSize: "1GB" }, /with a rule that keeps something/],
    [{ triggers: { manual: "keep" } }, /with a rule that keeps something/],
    [null, /a policy such as \{ keepLast: 10 \}, found null/],
    [[], /a policy such as/],
    [10, /a policy such as .* found 10/],
    [{ keepLats: 3 }, /one of the options keepLast, .*, found "keepLats"/],
    [{ keepLast: -1 }, /keepLast to be a whole number that is not negative, or "unlimited", found -1/],
    [{ keepLast: 1.5 }, /found 1\.5/],
    [{ keepLast: Number.NaN }, /keepLast/],
    [{ keepDaily: "7" }, /keepDaily .* found "7"/],
    [{ keepWithin: "7" }, /keepWithin to be a duration in years, months, weeks, days and hours.*, found "7"/],
    [{ keepWithin: "" }, /keepWithin/],
    [{ keepWithin: "90s" }, /found "90s"/],
    [{ keepWithin: "1d1d" }, /found "1d1d"/],
    [{ keepWithin: "-1d" }, /found "-1d"/],
    [{ keepWithin: "1 d" }, /found "1 d"/],
    [{ keepWithin: "1000000y" }, /found "1000000y"/],
    [{ keepWithin: 7 }, /found 7/],
    [{ keepWithinYearly: "1Y" }, /keepWithinYearly/],
    [{ keepLast: 1, keepWithinOf: "newest" }, /keepWithinOf to be "latest" or "now"/],
    [{ keepLast: 1, triggers: { nightly: "keep" } }, /triggers .* found "nightly"/],
    [{ keepLast: 1, triggers: ["manual"] }, /triggers/],
    [{ keepLast: 1, triggers: { manual: "drop" } }, /triggers\["manual"\] to be "keep", "policy", or a rule/],
    [{ keepLast: 1, triggers: { manual: { keepFor: "1x" } } }, /triggers\["manual"\]\.keepFor/],
    [{ keepLast: 1, triggers: { manual: { keepWithin: "1d" } } }, /keepFor, keepLast, found "keepWithin"/],
    [{ keepLast: 1, maxTotalSize: "big" }, /maxTotalSize to be a number of bytes, or a size/],
    [{ keepLast: 1, maxTotalSize: "10" }, /maxTotalSize/],
    [{ keepLast: 1, maxTotalSize: -1 }, /maxTotalSize/],
    [{ keepLast: 1, maxTotalSize: Infinity }, /maxTotalSize/],
  ])("can't be %j", (policy, message) => {
    expect(refusal(policy)).toMatch(message);
  });

  it("can't be a number that JSON does not know", () => {
    expect(refusal({ keepDaily: 3n })).toMatch(/keepDaily .*, found 3n/);
    expect(refusal({ keepDaily: () => 3 })).toMatch(/keepDaily/);
  });

  it("says that m are months where a duration has minutes or seconds", () => {
    const coded = expect.objectContaining({ code: "INVALID", hint: expect.stringMatching(/m are months/) });
    expect(() => assertRetentionPolicy({ keepWithin: "90s" })).toThrow(coded);
  });
});

describe("what it is applied to", () => {
  const backup = { id: "a", time: new Date(0), trigger: "scheduled", sources: [] } as const;
  it.each<[string, () => unknown]>([
    ["a time zone that there is not", () => applyRetention([], { keepLast: 1 }, { ...UTC, timeZone: "Mars/Utopia" })],
    ["no present moment", () => applyRetention([], { keepLast: 1 }, { ...UTC, now: new Date(Number.NaN) })],
    ["a backup twice", () => applyRetention([backup, { ...backup }], { keepLast: 1 }, UTC)],
    ["a backup without a time", () => applyRetention([{ ...backup, time: new Date("?") }], { keepLast: 1 }, UTC)],
    ["a backup of less than nothing", () => applyRetention([{ ...backup, size: -1 }], { keepLast: 1 }, UTC)],
  ])("can't be %s", (_, apply) => {
    expect(apply).toThrow(expect.objectContaining({ code: "INVALID", operation: "retention" }));
  });

  it("may be nothing", () => {
    expect(applyRetention([], { keepLast: 1 }, UTC)).toEqual({ keep: [], remove: [], excessBytes: 0 });
  });
});
