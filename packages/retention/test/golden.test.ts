import { describe, expect, it } from "vitest";
import type { RetentionBackup, RetentionPolicy } from "../src/index.ts";
import { at, render } from "./render.ts";

const BERLIN = "Europe/Berlin";

interface Case {
  /** The row of the capabilities, and what it says. */
  readonly says: string;
  readonly backups: readonly RetentionBackup[];
  readonly policy: RetentionPolicy;
  readonly now: string;
  readonly timeZone?: string;
  readonly sources?: readonly string[];
}

/** One backup each so many hours, the newest at `last`. */
function every(hours: number, count: number, last: string, more: Partial<RetentionBackup> = {}): RetentionBackup[] {
  return Array.from({ length: count }, (_, n) => {
    const time = new Date(Date.parse(last) - n * hours * 3_600_000);
    return at(time.toISOString().replace(":00.000Z", "Z"), more);
  });
}

const NIGHTS = every(24, 14, "2026-11-20T01:00Z");
const NOW = "2026-11-20T12:00Z";
const database = [{ id: "database" }];
const both = [{ id: "settings" }, { id: "database" }];

const CASES: Readonly<Record<string, Case>> = {
  "v3-automatic-ones-rotate": {
    says: "the last 10 automatic ones stay, and manual ones, which don't count",
    backups: [
      ...NIGHTS,
      at("2026-11-19T15:00Z", { trigger: "manual" }),
      at("2026-11-02T15:00Z", { trigger: "manual" }),
      at("2021-05-01T15:00Z", { trigger: "manual" }),
    ],
    policy: { keepLast: 10 },
    now: NOW,
  },
  "v5-manual-ones-are-never-deleted": {
    says: "not by any rule, nor by a limit of size",
    backups: every(24, 4, "2026-11-20T01:00Z", { trigger: "manual", size: 100 }),
    policy: { keepLast: 1, maxTotalSize: 150 },
    now: NOW,
  },
  "v5-manual-ones-by-the-policy": {
    says: "unless the policy says that they are like any other",
    backups: [...every(24, 3, "2026-11-20T01:00Z"), ...every(24, 3, "2026-11-20T09:00Z", { trigger: "manual" })],
    policy: { keepLast: 1, keepDaily: 2, triggers: { manual: "policy" } },
    now: NOW,
  },
  "v4-restarts-make-no-difference": {
    says: "a host that starts again and again makes no backup too many go: each day counts once",
    backups: [...every(1, 5, "2026-11-20T06:00Z"), ...every(24, 6, "2026-11-19T01:00Z")],
    policy: { keepDaily: 4 },
    now: NOW,
  },
  "k18-last-hourly-daily-weekly-monthly-yearly": {
    says: "each rule is by itself, and periods without a backup don't count",
    backups: [
      ...every(6, 12, "2026-11-20T07:00Z"),
      ...every(24, 20, "2026-11-16T01:00Z"),
      ...every(24 * 14, 40, "2026-10-20T01:00Z"),
    ],
    policy: { keepLast: 2, keepHourly: 4, keepDaily: 7, keepWeekly: 4, keepMonthly: 6, keepYearly: "unlimited" },
    now: NOW,
  },
  "k18-within": {
    says: "reckoned from the newest backup, though the host was off since",
    backups: [...NIGHTS, at("2026-11-06T00:59Z"), at("2026-10-20T01:00Z")],
    policy: { keepWithin: "1w", keepWithinDaily: "10d", keepWithinWeekly: "1m", keepWithinMonthly: "1y" },
    now: "2027-06-01T12:00Z",
  },
  "k18-within-of-now": {
    says: "or from the present moment: then only the latest is left of what is too old",
    backups: NIGHTS,
    policy: { keepWithin: "1w", keepWithinOf: "now" },
    now: "2027-06-01T12:00Z",
  },
  "k18-latest-of-each-source": {
    says: "the latest of each source stays, and isn't counted twice; of one that was only taken in part, the latest whole one too",
    backups: [
      at("2026-11-20T01:00Z", { sources: [{ id: "media", whole: false }] }),
      at("2026-11-19T01:00Z", { sources: both }),
      at("2026-11-18T01:00Z", { sources: both }),
      at("2026-11-01T01:00Z", { sources: [...both, { id: "media" }] }),
      at("2026-10-01T01:00Z", { sources: [{ id: "media" }, { id: "users" }] }),
      at("2026-09-01T01:00Z", { sources: [{ id: "users" }] }),
    ],
    policy: { keepLast: 2 },
    now: NOW,
  },
  "k18-pre-update-for-three-weeks": {
    says: "pre-update ones stay three weeks by the clock, don't count, and go then",
    backups: [
      ...every(24, 3, "2026-11-20T01:00Z"),
      at("2026-11-19T18:00Z", { trigger: "pre-update" }),
      at("2026-10-30T12:01Z", { trigger: "pre-update" }),
      at("2026-10-30T12:00Z", { trigger: "pre-update" }),
      at("2026-09-30T12:00Z", { trigger: "pre-update", sources: database }),
      at("2026-08-30T12:00Z", { trigger: "pre-update", sources: database }),
    ],
    policy: { keepLast: 2 },
    now: NOW,
  },
  "k18-rules-by-trigger": {
    says: "each trigger may have a rule of its own",
    backups: [
      ...every(24, 4, "2026-11-20T01:00Z", { trigger: "guard" }),
      ...every(24, 4, "2026-11-20T02:00Z", { trigger: "pre-update" }),
      ...every(24, 4, "2026-11-20T03:00Z", { trigger: "manual" }),
    ],
    policy: {
      keepLast: 1,
      triggers: { guard: { keepLast: 0 }, manual: { keepLast: 2, keepFor: "2d" }, "pre-update": "policy" },
    },
    now: NOW,
  },
  "k18-preserved-ones-stay": {
    says: "whatever the rules and the limit say; they count like any other",
    backups: NIGHTS.map((each, n) => ({ ...each, size: 10, preserve: n === 1 || n === 12 })),
    policy: { keepLast: 3, maxTotalSize: 25 },
    now: NOW,
  },
  "k18-errored-and-partial-ones-go-at-once": {
    says: "also where they are the latest, manual or preserved; what is being made stays; none of them counts",
    backups: [
      at("2026-11-20T11:59Z", { state: "running" }),
      at("2026-11-20T11:00Z", { state: "errored" }),
      at("2026-11-20T10:00Z", { state: "partial", trigger: "manual" }),
      at("2026-11-20T09:00Z", { state: "errored", preserve: true }),
      at("2026-11-21T09:00Z", { state: "partial" }),
      ...every(24, 3, "2026-11-20T01:00Z"),
    ],
    policy: { keepLast: 2 },
    now: NOW,
  },
  "k18-source-no-longer-registered": {
    says: "it follows the policy: its latest does not stay for that alone",
    backups: [
      at("2026-11-20T01:00Z"),
      at("2026-11-19T01:00Z"),
      at("2026-10-01T01:00Z", { sources: database }),
      at("2026-09-01T01:00Z", { sources: [...database, { id: "users" }] }),
    ],
    policy: { keepLast: 1 },
    now: NOW,
    sources: ["settings", "users"],
  },
  "k18-needed-ones-stay": {
    says: "what a kept backup needs stays, directly or not, and so does what nobody finished",
    backups: [
      at("2026-11-20T01:00Z", { needs: ["2026-11-18T01:00Z"] }),
      at("2026-11-19T01:00Z"),
      at("2026-11-18T01:00Z", { needs: ["2026-11-16T01:00Z", "2020-01-01T00:00Z"] }),
      at("2026-11-17T01:00Z", { needs: ["2026-11-15T01:00Z"] }),
      at("2026-11-16T01:00Z", { state: "partial" }),
      at("2026-11-15T01:00Z"),
    ],
    policy: { keepLast: 1 },
    now: NOW,
  },
  "k18-total-size": {
    says: "the oldest go first, though rules would keep them; what must stay stays, and counts",
    backups: NIGHTS.map((each, n) => ({ ...each, size: 1_000_000 * (n + 1) })),
    policy: { keepDaily: 7, keepWeekly: 4, maxTotalSize: "11MB" },
    now: NOW,
  },
  "k18-total-size-too-small": {
    says: "a limit that can't be kept is said to be exceeded",
    backups: every(24, 3, "2026-11-20T01:00Z").map((each) => ({ ...each, size: 700 })),
    policy: { keepLast: "unlimited", maxTotalSize: 500 },
    now: NOW,
  },
  "dst-spring": {
    says: "the day that has 23 hours is a day: 02:00 to 03:00 are not there",
    backups: [...every(0.5, 8, "2026-03-29T02:00Z"), ...every(24, 4, "2026-03-27T22:30Z")],
    policy: { keepHourly: 3, keepDaily: 3, keepWithin: "1h" },
    now: "2026-03-29T12:00Z",
    timeZone: BERLIN,
  },
  "dst-autumn": {
    says: "the day that has 25 hours is a day, and the hour that comes twice is one hour",
    backups: [...every(0.5, 8, "2026-10-25T02:30Z"), ...every(24, 4, "2026-10-24T21:30Z")],
    policy: { keepHourly: 3, keepDaily: 3, keepWithin: "1h" },
    now: "2026-10-25T12:00Z",
    timeZone: BERLIN,
  },
  "dst-nightly": {
    says: "a nightly plan at 00:30 has one a day on both sides, also by a duration in days",
    backups: [...every(24, 3, "2026-10-26T23:30Z"), ...every(24, 3, "2026-10-24T22:30Z"), at("2026-10-24T00:31+02:00")],
    policy: { keepDaily: 4, keepWithin: "3d" },
    now: "2026-10-27T12:00Z",
    timeZone: BERLIN,
  },
  "another-time-zone": {
    says: "the same moments lie on other days elsewhere",
    backups: every(8, 9, "2026-11-20T07:00Z"),
    policy: { keepDaily: 3 },
    now: NOW,
    timeZone: "America/Los_Angeles",
  },
  "new-year-week": {
    says: "the week of New Year is one week, that of the year in which its Thursday lies",
    backups: every(24, 18, "2027-01-10T01:00Z"),
    policy: { keepWeekly: 3, keepYearly: 2 },
    now: "2027-01-10T12:00Z",
    timeZone: BERLIN,
  },
  "clock-set-back": {
    says: "backups whose time is still to come stay and don't count, so that they can't drive out what is made now",
    backups: [...every(24, 4, "2030-06-04T01:00Z"), ...every(24, 5, "2026-11-20T01:00Z")],
    policy: { keepLast: 3 },
    now: NOW,
  },
  "clock-was-behind": {
    says: "once the clock is right again, those of the time when it stood at 2000 are the oldest",
    backups: [...every(24, 4, "2026-11-20T01:00Z"), ...every(24, 3, "2000-01-03T01:00Z")],
    policy: { keepLast: 3, keepYearly: 5 },
    now: NOW,
  },
  "clock-set-back-by-an-hour": {
    says: "also of an hour: the backup of before is looked at again when its time has come",
    backups: [at("2026-11-20T12:30Z"), ...every(24, 3, "2026-11-20T11:30Z")],
    policy: { keepLast: 2 },
    now: NOW,
  },
};

describe("retention", () => {
  it.each(Object.entries(CASES))("%s", async (name, { says, backups, policy, now, timeZone = "UTC", sources }) => {
    const text = render(backups, policy, { now: new Date(now), timeZone, ...(sources && { sources }) });
    await expect(`${says}\n\n${text}`).toMatchFileSnapshot(`golden/${name}.txt`);
  });
});
