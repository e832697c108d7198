import { describe, expect, it } from "vitest";
import type { SiteFacts } from "../../src/lib/health/health-facts.ts";
import { at, backup, DAY, damaged, HOUR, judge, NOW, part, plan, record, verified } from "./facts.ts";

const GB = 1e9;
const failed = (agoMs: number) =>
  record("backup", agoMs, { code: "NO_SPACE", message: "There is no room left on /mnt/usb." });
const [d1, d2] = [backup(DAY).id, backup(2 * DAY).id];

/** What is known, and the points and the line that it comes to. */
const cases: readonly [string, Partial<SiteFacts>, string, number, string][] = [
  [
    "a plan that never ran",
    { access: { status: "none" }, plans: [plan(null)] },
    "never-ran",
    70,
    'The plan "nightly" has never made a backup; next: the backup due 2026-11-21 02:00.',
  ],
  [
    "a plan that never ran and does nothing by itself now",
    { plans: [plan(null, { next: [] })] },
    "never-ran",
    70,
    'The plan "nightly" has never made a backup.',
  ],
  [
    "a site without a plan that nothing was backed up to",
    { access: { status: "none" } },
    "never-ran",
    70,
    'There is no backup on the site "local" yet.',
  ],
  [
    "a source that was added, and is in no backup yet",
    { backups: [backup(HOUR)], plans: [plan(HOUR, { sources: ["settings", "media"] })] },
    "never-ran",
    20,
    'No backup of the plan "nightly" holds the source "media" yet.',
  ],
  [
    "a plan whose newest backup is too old",
    { backups: [backup(3 * DAY)], plans: [plan(3 * DAY)] },
    "overdue",
    40,
    'The newest backup of the plan "nightly" is 3 days old; it should not be older than 2 days.',
  ],
  [
    "a plan whose newest backup is much too old",
    { backups: [backup(30 * DAY)], plans: [plan(30 * DAY)] },
    "overdue",
    70,
    'The newest backup of the plan "nightly" is 30 days old; it should not be older than 2 days.',
  ],
  [
    "a source that the newer backups lack",
    {
      backups: [backup(HOUR), backup(4 * DAY, { parts: [part("settings"), part("media")] })],
      plans: [plan(HOUR, { sources: ["settings", "media"] })],
    },
    "overdue",
    20,
    'The newest backup of the source "media" in the plan "nightly" is 4 days old; it should not be older than 2 days.',
  ],
  [
    "a backup that failed once",
    { backups: [backup(DAY)], plans: [plan(DAY, { records: [failed(2 * HOUR)] })] },
    "failing",
    15,
    'The backup of the plan "nightly" failed 2 hours ago: NO_SPACE: There is no room left on /mnt/usb.',
  ],
  [
    "a backup that fails again and again",
    { backups: [backup(DAY)], plans: [plan(DAY, { records: [failed(9 * HOUR), failed(5 * HOUR), failed(HOUR)] })] },
    "failing",
    30,
    'The backup of the plan "nightly" has failed 3 times, last 1 hour ago: NO_SPACE: There is no room left on /mnt/usb.',
  ],
  [
    "a failure whose message holds a password",
    {
      backups: [backup(DAY)],
      plans: [
        plan(DAY, { records: [record("backup", HOUR, { outcome: "failed", message: "https://u:pass@x/?k=v" })] }),
      ],
    },
    "failing",
    15,
    'The backup of the plan "nightly" failed 1 hour ago: https://x/?….',
  ],
  [
    "a verification that can't be made",
    {
      backups: [backup(DAY)],
      plans: [plan(DAY, { records: [record("verify", HOUR, { code: "TIMEOUT", message: "No answer." })] })],
    },
    "failing",
    10,
    'The verification of the plan "nightly" failed 1 hour ago: TIMEOUT: No answer.',
  ],
  [
    "a prune that can't be made",
    { backups: [backup(DAY)], plans: [plan(DAY, { records: [record("prune", 0, { code: "LOCKED" })] })] },
    "failing",
    10,
    'The prune of the plan "nightly" failed less than a minute ago: LOCKED.',
  ],
  [
    "backups that were never verified",
    { backups: [backup(HOUR, {}, [])], plans: [plan(HOUR)] },
    "unverified",
    10,
    'No backup of the plan "nightly" was ever verified.',
  ],
  [
    "backups that were only looked for",
    { backups: [backup(HOUR, {}, [verified("presence", HOUR)])], plans: [plan(HOUR)] },
    "unverified",
    10,
    'No backup of the plan "nightly" was ever verified.',
  ],
  [
    "backups that were not verified for long",
    { backups: [backup(HOUR, {}, []), backup(50 * DAY, {}, [verified("content", 40 * DAY)])], plans: [plan(HOUR)] },
    "unverified",
    10,
    'The backups of the plan "nightly" were last verified 40 days ago; they should be every 31 days.',
  ],
  [
    "backups without a plan that were never verified",
    { backups: [backup(HOUR, {}, [])] },
    "unverified",
    10,
    'No backup of the site "local" was ever verified.',
  ],
  [
    "a newest backup that a verification found damaged",
    {
      backups: [backup(DAY, {}, [verified("content", HOUR, "A segment of settings is damaged.")]), backup(2 * DAY)],
      plans: [plan(DAY)],
    },
    "corrupt",
    50,
    `The backup ${d1} of the plan "nightly", the newest, is damaged: A segment of settings is damaged.`,
  ],
  [
    "an older backup that failed its drill, although it looks whole since",
    {
      backups: [
        backup(DAY),
        backup(2 * DAY, {}, [verified("content", HOUR), verified("restore", DAY, "There is no user in it.")]),
      ],
      plans: [plan(DAY)],
    },
    "corrupt",
    20,
    `The backup ${d2} of the plan "nightly" is damaged: There is no user in it.`,
  ],
  [
    "several damaged backups",
    {
      backups: [backup(HOUR), ...[1, 2].map((n) => backup(n * DAY, {}, [verified("content", HOUR, "It is cut off.")]))],
      plans: [plan(HOUR)],
    },
    "corrupt",
    20,
    '2 of 3 backups of the plan "nightly" are damaged: It is cut off.',
  ],
  [
    "several damaged backups, the newest among them",
    {
      backups: [1, 2].map((n) => backup(n * DAY, {}, [verified("content", HOUR, "It is cut off.")])),
      plans: [plan(DAY)],
    },
    "corrupt",
    50,
    '2 of 2 backups of the plan "nightly", the newest among them, are damaged: It is cut off.',
  ],
  [
    "a manifest that can't be read",
    { backups: [backup(HOUR), damaged(DAY)], plans: [plan(HOUR)] },
    "corrupt",
    20,
    `The backup ${d1} of the site "local" is damaged: manifest.json is damaged.`,
  ],
  [
    "damage that no backup shows",
    {
      backups: [backup(DAY)],
      plans: [plan(DAY, { records: [record("verify", HOUR, { code: "CORRUPT", message: "A pack is damaged." })] })],
    },
    "corrupt",
    20,
    'The last verification of the plan "nightly", 1 hour ago, found damage: A pack is damaged.',
  ],
  [
    "a newest backup that could not take everything",
    { backups: [backup(HOUR, { status: "problems", problemCount: 3 })], plans: [plan(HOUR)] },
    "incomplete",
    5,
    'The newest backup of the plan "nightly" could not take everything: 3 problems.',
  ],
  [
    "a site that is away",
    { access: { status: "away", cause: "UNREACHABLE", message: "sftp://me:pw@nas/ does not answer." } },
    "site-away",
    40,
    'The site "local" can\'t be looked at: sftp://nas/ does not answer.',
  ],
  [
    "a disk that is nearly full",
    { backups: [backup(HOUR)], plans: [plan(HOUR)], space: { free: 3 * GB, total: 100 * GB } },
    "disk-nearly-full",
    15,
    'The site "local" is nearly full: 3 GB of 100 GB are free.',
  ],
  [
    "a disk that has no room for one more backup",
    {
      backups: [backup(HOUR, { storedSize: 9.5 * GB })],
      plans: [plan(HOUR)],
      space: { free: 9 * GB, total: 100 * GB },
    },
    "disk-nearly-full",
    30,
    'The site "local" is nearly full: 9 GB of 100 GB are free, the newest backup took 9.5 GB.',
  ],
  [
    "another instance that makes the plan's backups",
    {
      backups: [backup(HOUR)],
      plans: [plan(HOUR, { warnings: [{ code: "other-instance", message: 'Made by "there".' }] })],
    },
    "other-instance",
    10,
    'Made by "there".',
  ],
];

describe("The health of", () => {
  it.each(cases)("%s is told in one line", (_, facts, code, points, text) => {
    const report = judge(facts);
    expect(report.reasons.map((reason) => [reason.code, reason.points, reason.text])).toEqual([[code, points, text]]);
    expect(report.score).toBe(100 - points);
    expect(text).not.toContain("\n");
    expect(report.sites[0]).toMatchObject({ score: 100 - points, summary: text, reasons: report.reasons });
    expect(report.summary).toContain(text);
  });
});

describe("What is healthy", () => {
  const fine: readonly [string, Partial<SiteFacts>][] = [
    ["a plan that did what it should", { backups: [backup(HOUR), backup(DAY)], plans: [plan(HOUR)] }],
    ["a plan that runs by hand and never did", { plans: [{ ...plan(null), status: withoutSchedule(), records: [] }] }],
    [
      "a failure before the last success",
      { backups: [backup(HOUR)], plans: [plan(HOUR, { records: [failed(2 * HOUR)] })] },
    ],
    [
      "a backup that somebody stopped",
      { backups: [backup(DAY)], plans: [plan(DAY, { records: [record("backup", HOUR, { outcome: "cancelled" })] })] },
    ],
    [
      "a verification that failed before one that did not",
      {
        backups: [backup(DAY)],
        plans: [plan(DAY, { records: [record("verify", 2 * HOUR, { code: "TIMEOUT" }), record("verify", HOUR)] })],
      },
    ],
    [
      "a share of a site that was verified, of which no backup tells",
      { backups: [backup(DAY, {}, [])], plans: [plan(DAY, { records: [record("verify", HOUR)] })] },
    ],
    [
      "a backup that was damaged and has been found whole since",
      { backups: [backup(DAY, {}, [verified("content", HOUR)])], plans: [plan(DAY)] },
    ],
    [
      "a disk with a tenth of its room",
      { backups: [backup(HOUR)], plans: [plan(HOUR)], space: { free: 10 * GB, total: 100 * GB } },
    ],
    ["a site without a plan", { backups: [backup(300 * DAY, {}, [verified("restore", DAY)])] }],
    [
      "an older backup that could not take everything",
      { backups: [backup(HOUR), backup(DAY, { status: "problems", problemCount: 3 })], plans: [plan(HOUR)] },
    ],
  ];
  it.each(fine)("%s", (_, facts) => {
    const report = judge(facts);
    expect(report.reasons).toEqual([]);
    expect(report).toMatchObject({ score: 100, summary: expect.stringMatching(/^Healthy: 1 site, [01] plans?\.$/) });
  });

  function withoutSchedule() {
    const { schedule: _, staleAfterMs: _stale, ...status } = plan(null, { next: [] }).status;
    return status;
  }
});

describe("A report", () => {
  it("tells per plan and source what was when", () => {
    const results = [verified("content", 2 * HOUR), verified("restore", DAY)];
    const records = [record("prune", 4 * DAY, { code: "TIMEOUT", message: "No answer." }), record("prune", 3 * DAY)];
    const facts = {
      backups: [backup(HOUR, {}, []), backup(2 * DAY, {}, results)],
      plans: [plan(HOUR, { records })],
      space: { free: 50 * GB, total: 100 * GB },
    };
    const [site] = judge(facts).sites;
    const lastSuccess = { id: backup(HOUR).id, time: at(HOUR) };
    const lastVerified = { level: "content", time: at(2 * HOUR) };
    expect(site).toMatchObject({
      access: "reached",
      summary: "Healthy: 2 backups, the newest 1 hour ago.",
      lastSuccess,
      lastVerified,
      lastDrill: at(DAY),
      backups: { count: 2, damaged: 0, unread: 0, storedBytes: 2000 },
      space: facts.space,
    });
    expect(site?.plans).toMatchObject([
      {
        plan: "nightly",
        summary: "Healthy: last backed up 1 hour ago; next: the backup due 2026-11-21 02:00.",
        overdue: false,
        lastSuccess,
        lastVerified,
        lastDrill: at(DAY),
        lastFailure: { task: "prune", time: at(4 * DAY), code: "TIMEOUT", message: "No answer." },
        nextRun: { at: at(-14 * HOUR) },
        sources: [{ source: "settings", lastSuccess, lastVerified, summary: "Healthy: last backed up 1 hour ago." }],
      },
    ]);
  });

  it("lets a reason count for all that it is part of, and all that is part of it", () => {
    const sources = ["settings", "media"];
    const facts = {
      backups: [backup(HOUR)],
      plans: [plan(HOUR, { sources, records: [failed(60_000)] })],
      space: { free: GB, total: 100 * GB },
    };
    const { sites, score, summary } = judge(facts);
    const [nightly] = sites[0]?.plans ?? [];
    expect(nightly?.sources.map((source) => [source.source, source.score])).toEqual([
      ["settings", 100 - 15 - 15],
      ["media", 100 - 15 - 15 - 20],
    ]);
    expect([nightly?.score, sites[0]?.score, score]).toEqual([50, 50, 50]);
    expect(summary).toBe('1 site, 1 plan: No backup of the plan "nightly" holds the source "media" yet, and 2 more.');
  });

  it("never falls below 0, and is as good as the worst site", () => {
    const bad = judge({
      access: { status: "none" },
      plans: [plan(null, { records: [failed(DAY), failed(HOUR)] })],
      space: { free: 0, total: GB },
    });
    expect(bad.score).toBe(0);
    expect(bad.reasons.reduce((sum, { points }) => sum + points, 0)).toBeGreaterThan(100);
  });

  it("does not take what it could not see for absent", () => {
    const away = { status: "away", cause: "TIMEOUT", message: "No answer." } as const;
    const unknown = plan(null, { warnings: [{ code: "site-away", message: "No answer." }] });
    expect(judge({ access: away, plans: [unknown] }).reasons.map(({ code }) => code)).toEqual(["site-away"]);
    const slow = judge({ backups: [], unread: 500, plans: [unknown] });
    expect(slow.reasons).toEqual([]);
    expect(slow.sites[0]).toMatchObject({ backups: { count: 500, unread: 500 } });
    expect(slow.sites[0]?.summary).toBe("Healthy as far as seen: 500 backups, 500 of which there was no time for.");
  });

  it("goes by what the host says is enough", () => {
    const facts = { backups: [backup(3 * DAY)], plans: [plan(3 * DAY, { staleAfterMs: 4 * DAY })] };
    expect(judge(facts).reasons).toEqual([]);
    expect(judge(facts, { verifyWithinMs: DAY }).reasons).toMatchObject([{ code: "unverified", last: at(3 * DAY) }]);
    const space = { free: 10 * GB, total: 100 * GB };
    expect(judge({ ...facts, space }, { minFree: 20 * GB }).reasons).toMatchObject([{ code: "disk-nearly-full" }]);
  });

  it("leaves backups of other instances and plans to others, but tells where they are damaged", () => {
    const theirs = { run: { instance: "there", plan: "nightly" } };
    const bad = backup(HOUR, theirs, [verified("content", HOUR, "It is cut off.")]);
    const report = judge({ backups: [bad, backup(DAY)], plans: [plan(DAY)] });
    expect(report.reasons).toMatchObject([{ code: "corrupt", site: "local", newest: true, points: 50 }]);
    expect(report.reasons[0]).not.toHaveProperty("plan");
    expect(report.sites[0]?.plans[0]).toMatchObject({ lastSuccess: { time: at(DAY) } });
  });

  it("is data that survives JSON", () => {
    const report = judge({ backups: [backup(HOUR)], plans: [plan(HOUR)] });
    expect(JSON.parse(JSON.stringify(report))).toMatchObject({ score: 100, time: new Date(NOW).toISOString() });
  });
});
