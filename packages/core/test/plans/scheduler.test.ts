import { describe, expect, it } from "vitest";
import { backupsOf, beginTime, DAY, HOUR, live, MIN, recordsIn, settled, show } from "./virtual.ts";

const NIGHTLY = { site: "local", schedule: "0 2 * * *" } as const; // 01:00 in UTC

describe("a plan that runs by itself", () => {
  it("makes its first backup at once, and then one at each time of its schedule", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    engine.start();
    await time.until(time.now + 3 * DAY);
    expect(await backupsOf(time, local)).toEqual([
      "nightly 01-10 01:00 at 01-10 12:00",
      "nightly 01-11 01:00 at 01-11 01:00",
      "nightly 01-12 01:00 at 01-12 01:00",
      "nightly 01-13 01:00 at 01-13 01:00",
    ]);
    expect(recordsIn(local)).toEqual([]);
    const status = await settled(time, engine.plans.status("nightly"));
    expect(status).toMatchObject({
      started: true,
      failures: 0,
      lastSuccess: { trigger: "scheduled", due: new Date("2026-01-13T01:00Z") },
      next: [
        {
          task: "backup",
          at: new Date("2026-01-14T01:00Z"),
          reason: "schedule",
          text: "the backup due 2026-01-14 02:00",
        },
      ],
    });
  });

  it("is not begun again by a restart, and is made up for once where it was missed", async () => {
    using time = await beginTime();
    const local = time.site();
    for (const awakeMs of [1 * HOUR, 30 * MIN, 2 * DAY, 5 * MIN]) {
      const { engine, die } = live(time, { plans: { nightly: NIGHTLY }, local });
      engine.start();
      await time.until(time.now + awakeMs);
      die();
      await time.until(time.now + 3 * MIN);
    }
    await time.until(Date.parse("2026-01-16T09:00Z"));
    live(time, { plans: { nightly: NIGHTLY }, local }).engine.start();
    await time.until(time.now + DAY);
    expect(await backupsOf(time, local)).toEqual([
      "nightly 01-10 01:00 at 01-10 12:00",
      "nightly 01-11 01:00 at 01-11 01:00",
      "nightly 01-12 01:00 at 01-12 01:00",
      "nightly 01-16 01:00 at 01-16 09:00",
      "nightly 01-17 01:00 at 01-17 01:00",
    ]);
  });

  it("is told apart from a run by hand, which spares one that was missed, but none that is yet to come", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine } = live(time, { plans: { nightly: NIGHTLY }, local });
    await settled(time, engine.backup({ plan: "nightly" }));
    engine.start();
    await time.until(Date.parse("2026-01-11T00:30Z"));
    await settled(time, engine.backup({ plan: "nightly" }));
    await time.until(time.now + HOUR);
    expect(await backupsOf(time, local)).toEqual([
      "manual at 01-10 12:00",
      "manual at 01-11 00:30",
      "nightly 01-11 01:00 at 01-11 01:00",
    ]);
  });

  it("waits where somebody's own run has its sources, without a failed job for anybody to see", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine, how } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(Date.parse("2026-01-11T00:59Z"));
    how.takesMs = 10 * MIN;
    const manual = engine.backup({ site: "local" });
    await time.until(Date.parse("2026-01-11T01:05Z"));
    const { next, running } = await settled(time, engine.plans.status("nightly"));
    expect(next).toMatchObject([{ reason: "waiting", due: new Date("2026-01-11T01:00Z") }]);
    expect(running).toEqual([]);
    how.takesMs = 0;
    await settled(time, manual);
    await time.until(Date.parse("2026-01-11T01:20Z"));
    expect(await backupsOf(time, local)).toEqual([
      "nightly 01-10 01:00 at 01-10 12:00",
      "manual at 01-11 00:59",
      "nightly 01-11 01:00 at 01-11 01:09",
    ]);
    expect(engine.jobs.list().map(({ status }) => status)).toEqual(["succeeded", "succeeded", "succeeded"]);
    expect(recordsIn(local)).toEqual([]);
  });

  it("goes on by the hours of its zone when the clock is put forward and back", async () => {
    for (const [from, expected] of [
      ["2026-03-28T12:00Z", ["03-29 01:00", "03-30 00:00"]], // on the 29th there is no 02:00
      ["2026-10-24T12:00Z", ["10-25 00:00", "10-26 01:00"]],
    ] as const) {
      using time = await beginTime(from);
      const local = time.site();
      live(time, { plans: { nightly: NIGHTLY }, local }).engine.start();
      await time.until(time.now + 2 * DAY);
      expect((await backupsOf(time, local)).slice(1)).toEqual(expected.map((at) => `nightly ${at} at ${at}`));
    }
  });

  it("notices within a minute that the machine slept, or that somebody set its clock", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine, host } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(Date.parse("2026-01-11T00:30Z"));
    host.sleep(6 * HOUR);
    await time.until(Date.parse("2026-01-11T12:00Z"));
    host.setClock(-10 * HOUR); // by its own clock it is 02:00 again
    await time.until(time.now + 10 * MIN);
    host.setClock(24 * HOUR);
    await time.until(time.now + 10 * MIN);
    const made = await backupsOf(time, local);
    expect(made.slice(0, 2)).toEqual(["nightly 01-10 01:00 at 01-10 12:00", "nightly 01-11 01:00 at 01-11 06:30"]);
    expect(made.slice(2)).toEqual([expect.stringMatching(/^nightly 01-12 01:00 at 01-12 02:1[01]$/)]);
  });

  it("goes on although a backup seems to be made in years to come", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine, host } = live(time, { plans: { nightly: NIGHTLY }, local });
    host.setClock(2000 * DAY);
    engine.start();
    await time.until(time.now + MIN);
    host.setClock(-2000 * DAY);
    await time.until(time.now + 2 * DAY);
    expect((await backupsOf(time, local)).map((each) => each.slice(-11))).toEqual([
      "01-10 12:01",
      "01-11 01:00",
      "01-12 01:00",
      "07-03 12:00",
    ]);
  });
});

describe("a backup that fails", () => {
  it("is tried again after pauses that double, until one succeeds; the site remembers each", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine, how } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(Date.parse("2026-01-11T00:59Z"));
    how.fail = new Error("the database is locked");
    const before = how.read;
    await time.until(Date.parse("2026-01-11T01:16Z"));
    expect(how.read - before).toBe(3); // 01:00, 01:05, 01:15
    const { lastFailure, failures, next } = await settled(time, engine.plans.status("nightly"));
    expect(failures).toBe(3);
    expect(lastFailure).toMatchObject({ code: "SOURCE_FAILED", message: expect.stringMatching(/database is locked/) });
    expect(lastFailure?.due).toEqual(new Date("2026-01-11T01:00Z"));
    expect(next).toMatchObject([
      { reason: "retry", text: "attempt 4 of the backup due 2026-01-11 02:00: the last one failed" },
    ]);
    expect(show(next[0]!.at)).toBe("01-11 01:35");
    how.fail = undefined;
    await time.until(Date.parse("2026-01-12T02:00Z"));
    expect((await backupsOf(time, local)).slice(1)).toEqual([
      "nightly 01-11 01:00 at 01-11 01:35",
      "nightly 01-12 01:00 at 01-12 01:00",
    ]);
    expect(await settled(time, engine.plans.status("nightly"))).toMatchObject({ failures: 0, lastFailure });
    expect(recordsIn(local)).toHaveLength(3);
  });

  it("that somebody stopped is not tried again before its next time; one that the engine stopped is", async () => {
    using time = await beginTime();
    const local = time.site();
    const first = live(time, { plans: { nightly: NIGHTLY }, local });
    first.engine.start();
    await time.until(Date.parse("2026-01-11T00:59Z"));
    first.how.takesMs = HOUR;
    await time.until(Date.parse("2026-01-11T01:10Z"));
    const [job] = first.engine.jobs.list();
    expect((await settled(time, first.engine.plans.status("nightly"))).running).toEqual([job?.id]);
    job?.cancel("not now");
    await time.until(Date.parse("2026-01-11T12:00Z"));
    expect(recordsIn(local)).toMatchObject([{ outcome: "cancelled", message: expect.stringMatching(/not now/) }]);
    await time.until(Date.parse("2026-01-12T01:10Z"));
    await settled(time, first.engine.stop());
    expect(recordsIn(local)).toHaveLength(1);
    first.how.takesMs = 0;
    first.engine.start();
    await time.until(Date.parse("2026-01-12T01:20Z"));
    expect((await backupsOf(time, local)).slice(1)).toEqual(["nightly 01-12 01:00 at 01-12 01:10"]);
  });

  it("because its site is away, holds up no other, is told, and is remembered there later", async () => {
    using time = await beginTime();
    const [local, offsite] = [time.site(), time.site()];
    const plans = { nightly: NIGHTLY, far: { ...NIGHTLY, site: "offsite" } } as const;
    const { engine } = live(time, { plans, local, offsite });
    engine.start();
    await time.until(Date.parse("2026-01-11T00:59Z"));
    local.away = true;
    await time.until(Date.parse("2026-01-11T03:00Z"));
    expect((await backupsOf(time, offsite)).slice(1)).toEqual(["far 01-11 01:00 at 01-11 01:00"]);
    const { next, warnings, lastFailure } = await settled(time, engine.plans.status("nightly"));
    expect(warnings).toMatchObject([{ code: "site-away", message: expect.stringMatching(/"local"/) }]);
    expect(next).toMatchObject([{ reason: "site-away" }]);
    expect(lastFailure).toMatchObject({ code: "UNREACHABLE", due: new Date("2026-01-11T01:00Z") });
    local.away = false;
    await time.until(Date.parse("2026-01-11T04:00Z"));
    const made = (await backupsOf(time, local)).slice(1);
    expect(made).toEqual([expect.stringMatching(/^nightly 01-11 01:00 at 01-11 03:/)]);
    expect(recordsIn(local)).toMatchObject([{ outcome: "failed", code: "UNREACHABLE" }]);
  });

  it("for lack of room, which leaves none for a record either, is tried again after pauses all the same", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(Date.parse("2026-01-11T00:59Z"));
    local.full = true;
    await time.until(Date.parse("2026-01-11T03:00Z"));
    const { failures } = await settled(time, engine.plans.status("nightly"));
    expect(failures).toBe(5); // 01:00, 01:05, 01:15, 01:35, 02:15
    local.full = false;
    await time.until(Date.parse("2026-01-11T04:00Z"));
    expect((await backupsOf(time, local)).slice(1)).toEqual(["nightly 01-11 01:00 at 01-11 03:35"]);
    expect(recordsIn(local)).toHaveLength(5);
  });

  it("because the host dies of it, is not begun at every restart", async () => {
    using time = await beginTime();
    const local = time.site();
    let begun = 0;
    for (let n = 0; n < 60; n++) {
      const life = live(time, { plans: { nightly: NIGHTLY }, local });
      life.how.die = () => {
        begun += 1;
        life.die();
      };
      life.engine.start();
      await time.until(time.now + MIN);
      life.die();
    }
    // At once, made up for at once, and then after 5, 10, 20 and so on minutes.
    expect(begun).toBe(5);
    expect(recordsIn(local)).toMatchObject(
      Array(4).fill({ outcome: "failed", message: expect.stringMatching(/process/) }),
    );
  });
});

describe("several processes of one instance", () => {
  const three = async (
    run: (parts: {
      time: Awaited<ReturnType<typeof beginTime>>;
      local: ReturnType<Awaited<ReturnType<typeof beginTime>>["site"]>;
      lives: ReturnType<typeof live>[];
    }) => Promise<void>,
  ) => {
    using time = await beginTime();
    const local = time.site();
    const lives = ["a", "b", "c"].map((name) => live(time, { name, plans: { nightly: NIGHTLY }, local }));
    for (const life of lives) life.engine.start();
    await run({ time, local, lives });
  };

  it("run each slot once, also the first, and nobody sees the others' attempts", () =>
    three(async ({ time, local, lives }) => {
      for (const { how } of lives) how.takesMs = 20 * MIN;
      await time.until(time.now + 3 * DAY);
      expect((await backupsOf(time, local)).map((each) => each.slice(0, 19))).toEqual([
        "nightly 01-10 01:00",
        "nightly 01-11 01:00",
        "nightly 01-12 01:00",
        "nightly 01-13 01:00",
      ]);
      const jobs = lives.flatMap(({ engine }) => engine.jobs.list());
      expect(jobs.map(({ status }) => status)).toEqual(Array(4).fill("succeeded"));
      expect(lives.reduce((sum, { how }) => sum + how.read, 0)).toBe(4);
      expect(recordsIn(local)).toEqual([]);
    }));

  it("run each slot once where their clocks differ by minutes, so that some come when others are done", () =>
    three(async ({ time, local, lives }) => {
      for (const [n, { host }] of lives.entries()) host.setClock((n - 1) * 2 * MIN);
      await time.until(time.now + 3 * DAY);
      const made = await backupsOf(time, local);
      expect(made.map((each) => each.slice(0, 19))).toEqual([
        "nightly 01-10 01:00",
        "nightly 01-11 01:00",
        "nightly 01-12 01:00",
        "nightly 01-13 01:00",
      ]);
      expect(lives.reduce((sum, { how }) => sum + how.read, 0)).toBe(4);
    }));

  it("take over from one that dies, at once where they can tell that it is gone", () =>
    three(async ({ time, local, lives }) => {
      await time.until(Date.parse("2026-01-11T00:59Z"));
      for (const life of lives) life.how.takesMs = 10 * MIN;
      const before = lives.map(({ how }) => how.read);
      await time.until(Date.parse("2026-01-11T01:03Z"));
      const busy = lives.find(({ how }, n) => how.read > (before[n] ?? 0));
      busy?.die();
      await time.until(Date.parse("2026-01-11T12:00Z"));
      const made = (await backupsOf(time, local)).slice(1);
      expect(made).toEqual([expect.stringMatching(/^nightly 01-11 01:00 at 01-11 01:0[3-9]$/)]);
      expect(recordsIn(local)).toMatchObject([{ outcome: "failed", message: expect.stringMatching(/ended/) }]);
    }));

  it("take over from one that sleeps, which finds that out when it wakes up and leaves things as they are", () =>
    three(async ({ time, local, lives }) => {
      await time.until(Date.parse("2026-01-11T00:59Z"));
      for (const life of lives) life.how.takesMs = MIN;
      const before = lives.map(({ how }) => how.read);
      await time.until(Date.parse("2026-01-11T01:00:30Z"));
      const busy = lives.find(({ how }, n) => how.read > (before[n] ?? 0));
      busy?.host.sleep(3 * HOUR);
      await time.until(Date.parse("2026-01-11T12:00Z"));
      const made = (await backupsOf(time, local)).slice(1);
      expect(made).toEqual([expect.stringMatching(/^nightly 01-11 01:00 at 01-11 01:0[2-9]$/)]);
      const [job] = busy?.engine.jobs.list() ?? [];
      expect(job).toMatchObject({ status: "failed", error: { code: "LOCKED" } });
      await time.until(Date.parse("2026-01-12T01:30Z"));
      expect((await backupsOf(time, local)).slice(2)).toEqual(["nightly 01-12 01:00 at 01-12 01:00"]);
    }));

  it("pause together after a failure", () =>
    three(async ({ time, lives }) => {
      await time.until(Date.parse("2026-01-11T00:59Z"));
      const before = lives.reduce((sum, { how }) => sum + how.read, 0);
      for (const life of lives) life.how.fail = new Error("no");
      await time.until(Date.parse("2026-01-11T01:16Z"));
      expect(lives.reduce((sum, { how }) => sum + how.read, 0) - before).toBe(3);
    }));
});

describe("verifications by schedule", () => {
  const plans = {
    nightly: { ...NIGHTLY, verify: [{ schedule: "0 4 * * *" }, { schedule: "0 5 * * 0", level: "presence" }] },
  } as const;

  it("run once each in several processes, after there is a backup, and are remembered in the site", async () => {
    using time = await beginTime();
    const local = time.site();
    const lives = ["a", "b"].map((name) => live(time, { name, plans, local }));
    for (const { engine } of lives) engine.start();
    await time.until(time.now + 2 * DAY);
    const told = recordsIn(local);
    expect(told.map(({ level, outcome, due }) => `${level} ${outcome} ${due?.slice(5, 16)}`).sort()).toEqual([
      "content succeeded 01-10T03:00",
      "content succeeded 01-11T03:00",
      "content succeeded 01-12T03:00",
      "presence succeeded 01-04T04:00",
      "presence succeeded 01-11T04:00",
    ]);
    const status = await settled(time, lives[0]!.engine.plans.status("nightly"));
    expect(status.lastVerify).toMatchObject({ task: "verify", level: "content", outcome: "succeeded" });
    expect(status.next.map(({ task }) => task)).toEqual(["backup", "verify", "verify"]);
  });

  it("that find damage have failed, and are not tried again before their next time", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine } = live(time, { plans, local });
    engine.start();
    await time.until(time.now + HOUR);
    const part = [...local.objects.keys()].find((key) => key.endsWith(".tar.gz")) ?? "";
    (local.objects as Map<string, unknown>).delete(part);
    await time.until(Date.parse("2026-01-11T03:30Z"));
    const { lastVerify } = await settled(time, engine.plans.status("nightly"));
    expect(lastVerify).toMatchObject({ outcome: "failed", code: "CORRUPT", due: new Date("2026-01-11T03:00Z") });
    const seen = recordsIn(local).length;
    await time.until(Date.parse("2026-01-11T03:59Z"));
    expect(recordsIn(local)).toHaveLength(seen);
  });
});

it("A run whose plan has a newer backup by another instance warns of a clone", async () => {
  using time = await beginTime();
  const local = time.site();
  const original = live(time, { plans: { nightly: NIGHTLY }, local });
  original.engine.start();
  await time.until(time.now + HOUR);
  const clone = live(time, { name: "b", plans: { nightly: NIGHTLY }, local, instance: "nvr-clone" });
  clone.engine.start();
  await time.until(time.now + HOUR);
  const [job] = clone.engine.jobs.list();
  const warnings: string[] = [];
  for await (const event of job ?? []) if (event.type === "warning") warnings.push(event.code);
  expect(warnings).toContain("other-instance");
  expect(await backupsOf(time, local)).toHaveLength(2);
});

describe("an engine that was stopped", () => {
  it("has nothing left that waits or runs, and may be started again", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine, how } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(time.now + MIN);
    await settled(time, engine.stop());
    const { steps } = time;
    await time.until(time.now + 30 * DAY);
    expect(time.steps - steps).toBe(1); // that it is over
    expect((await settled(time, engine.plans.status("nightly"))).started).toBe(false);
    engine.start();
    how.takesMs = HOUR;
    await time.until(time.now + MIN);
    const [job] = engine.jobs.list();
    expect(job?.status).toBe("running");
    await settled(time, Promise.all([engine.stop(), engine.stop()]));
    expect(job?.status).toBe("cancelled");
    expect([...local.objects.keys()].filter((key) => key.startsWith("locks/"))).toEqual([]);
    const after = time.steps;
    await time.until(time.now + 30 * DAY);
    expect(time.steps - after).toBe(1);
  });

  it("by being closed can't be started", async () => {
    using time = await beginTime();
    const { engine } = live(time, { plans: { nightly: NIGHTLY } });
    engine.start();
    await settled(time, engine.close());
    expect(() => engine.start()).toThrow(expect.objectContaining({ code: "INVALID" }));
  });
});
