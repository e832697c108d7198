import { LifeboatError } from "@lifeboat/contracts";
import { expect, it } from "vitest";
import type { EngineEvent, Notification } from "../../src/index.ts";
import { beginTime, HOUR, live, MIN, show } from "../plans/virtual.ts";

const NIGHTLY = { site: "local", schedule: "0 2 * * *", staleAfter: "30h" } as const; // 01:00 in UTC

const full = () => new LifeboatError({ code: "NO_SPACE", operation: "test", message: "There is no room left." });

it("A plan that fails for days is told of once a day, through restarts, and once when it is well again", async () => {
  using time = await beginTime();
  const local = time.site();
  const told: string[] = [];
  const notify = [
    ({ type, time, ...more }: Notification) => {
      const how = "reminder" in more && more.reminder ? " again" : "";
      const from = "from" in more ? ` from ${more.from.join(", ")}` : "";
      told.push(`${show(time)} ${type}${how}${from}`);
    },
  ];
  const start = () => {
    const life = live(time, { plans: { nightly: NIGHTLY }, local, more: { notify } });
    life.engine.start();
    return life;
  };
  let life = start();
  await time.until(Date.parse("2026-01-11T12:00Z"));
  expect(told).toEqual([]);
  for (let restart = 0; restart < 3; restart++) {
    life.how.fail = full();
    await time.until(time.now + 17 * HOUR);
    life.die();
    await time.until(time.now + 3 * MIN);
    life = start();
  }
  life.how.fail = undefined;
  await time.until(time.now + 12 * HOUR);
  expect(told).toEqual([
    "01-12 01:00 failed",
    "01-12 07:04 stale",
    "01-13 01:00 failed again",
    "01-13 07:07 stale again",
    "01-13 19:00 recovered from failed, stale",
  ]);
});

it("A site that is away is told of once it has been so for a quarter of an hour, and when it is back", async () => {
  using time = await beginTime();
  const offsite = time.site();
  const told: string[] = [];
  const events: EngineEvent[] = [];
  const { engine } = live(time, {
    plans: { copies: { site: "offsite", schedule: { every: "6h" }, staleAfter: "2d" } },
    offsite,
    more: {
      notify: [({ time, text }) => void told.push(`${show(time)} ${text}`)],
      onEvent: (event) => events.push(event),
    },
  });
  engine.start();
  await time.until(Date.parse("2026-01-10T14:55Z"));
  offsite.away = true;
  await time.until(Date.parse("2026-01-10T15:05Z"));
  offsite.away = false;
  await time.until(Date.parse("2026-01-10T16:55Z"));
  expect(told).toEqual([]);
  offsite.away = true;
  await time.until(Date.parse("2026-01-10T17:55Z"));
  offsite.away = false;
  await time.until(Date.parse("2026-01-10T18:55Z"));
  expect(told).toEqual([
    expect.stringMatching(/^01-10 17:16 The site "offsite" can't be looked at: /),
    '01-10 18:00 The site "offsite" no longer is out of reach, after 59 minutes.',
  ]);
  expect([...new Set(events.map(({ type }) => type))].sort()).toEqual([
    "health",
    "job-ended",
    "job-phase",
    "job-started",
    "notified",
    "plan-ended",
    "plan-next",
    "plan-started",
  ]);
  const runs = events.flatMap((event) => (event.type === "plan-ended" ? [`${event.plan} ${event.outcome}`] : []));
  expect(runs).toEqual(["copies succeeded", "copies succeeded"]);
  const jobs = events.filter((event) => event.type === "job-ended");
  expect(jobs).toMatchObject([{ plan: "copies", kind: "backup", status: "succeeded" }, { plan: "copies" }]);
});
