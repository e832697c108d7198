import { describe, expect, it } from "vitest";
import type { Deliverer, Notification } from "../../src/index.ts";
import type { Told } from "../../src/lib/notify/debounce.ts";
import { createDeliveries } from "../../src/lib/notify/deliveries.ts";
import { createNotifier, type Notices } from "../../src/lib/notify/notifier.ts";
import { createPatience } from "../../src/lib/notify/patience.ts";
import { backup, DAY, HOUR, judge, NOW, plan, record, verified } from "../health/facts.ts";
import { manualClock } from "../manual-clock.ts";
import { APP, gate } from "../support.ts";

/** Sites that keep what people were told, shared by processes. */
function notices() {
  const kept = new Map<string, readonly Told[]>();
  const how = { away: false, readOnly: false };
  const place: Notices = {
    load: async (site) => (how.away ? null : (kept.get(site) ?? [])),
    async save(site, told) {
      if (how.away || how.readOnly) return false;
      kept.set(site, told);
      return true;
    },
  };
  return { place, how, kept };
}

function process(place: Notices = notices().place, deliverer?: Deliverer) {
  const clock = manualClock(NOW);
  const told: Notification[] = [];
  const to = deliverer ?? ((notification: Notification) => void told.push(notification));
  const notifier = createNotifier({
    instance: "here",
    app: APP,
    clock,
    rules: { remindAfterMs: 24 * HOUR, awayForMs: 0 },
    deliveries: createDeliveries([to], createPatience(clock).context, () => {}),
    notices: place,
    onNotification() {},
  });
  async function take(report = failing(), ms = 60_000) {
    clock.advance(ms);
    await notifier.take(report);
    await notifier.settled();
    return told.splice(0).map(({ type }) => type);
  }
  return { notifier, take, told, clock };
}

const failed = (code: "NO_SPACE" | "TIMEOUT") => record("backup", HOUR, { code, message: "It did not go." });
const failing = (code: "NO_SPACE" | "TIMEOUT" = "NO_SPACE") =>
  judge({ backups: [backup(DAY)], plans: [plan(DAY, { records: [failed(code)] })] });
const well = () => judge({ backups: [backup(HOUR)], plans: [plan(HOUR)] });
const away = () => judge({ access: { status: "away", cause: "UNREACHABLE", message: "No answer." } });

describe("People are told", () => {
  it("what failed, in words and as data, and that it is over", async () => {
    const { notifier, told, clock } = process();
    await notifier.take(failing());
    clock.advance(2 * HOUR);
    await notifier.take(well());
    await notifier.settled();
    const about = { instance: "here", app: APP, site: "local", plan: "nightly", since: new Date(NOW - HOUR - 60_000) };
    expect(told).toEqual([
      {
        ...about,
        type: "failed",
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        time: new Date(NOW),
        reminder: false,
        text: 'The backup of the plan "nightly" failed 1 hour ago: NO_SPACE: It did not go.',
        reason: failing().reasons[0],
      },
      {
        ...about,
        type: "recovered",
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        time: new Date(NOW + 2 * HOUR),
        from: ["failed"],
        text: 'The plan "nightly" no longer fails, after 3 hours.',
      },
    ]);
    expect(told[0]?.id).not.toBe(told[1]?.id);
  });

  it("of each way to be unwell by its own kind of notification", async () => {
    const { take } = process();
    const bad = backup(DAY, {}, [verified("content", HOUR, "It is cut off.")]);
    expect(await take(judge({ backups: [bad], plans: [plan(3 * DAY)] }))).toEqual(["verify-failed", "stale"]);
    expect(await take(away())).toEqual(["site-unreachable"]);
    expect(await take(well())).toEqual(["recovered", "recovered"]);
  });

  it("nothing of what only costs points", async () => {
    const { take } = process();
    const space = { free: 1, total: 1000 };
    expect(await take(judge({ backups: [backup(HOUR, {}, [])], plans: [plan(HOUR)], space }))).toEqual([]);
    expect(await take(judge({ plans: [plan(null)] }))).toEqual([]);
  });

  it("nothing of a backup that is too old while the next one is being made", async () => {
    const { take } = process();
    const old = (running: readonly string[]) =>
      judge({ backups: [backup(3 * DAY)], plans: [plan(3 * DAY, { running })] });
    expect(await take(old(["backup-1"]))).toEqual([]);
    expect(await take(old([]))).toEqual(["stale"]);
    expect(await take(old(["backup-2"]))).toEqual([]);
    expect(await take(well())).toEqual(["recovered"]);
  });

  it("that it is still so, with how long", async () => {
    const { notifier, told, clock } = process();
    await notifier.take(failing());
    clock.advance(24 * HOUR);
    await notifier.take(failing());
    await notifier.settled();
    expect(told.map(({ type, text }) => [type, text])).toEqual([
      ["failed", 'The backup of the plan "nightly" failed 1 hour ago: NO_SPACE: It did not go.'],
      [
        "failed",
        'Still so after 25 hours: The backup of the plan "nightly" failed 1 hour ago: NO_SPACE: It did not go.',
      ],
    ]);
    expect(told).toMatchObject([{ reminder: false }, { reminder: true }]);
    expect(new Set(told.map(({ id }) => id)).size).toBe(2);
  });

  it("of another cause as news, not as a reminder", async () => {
    const { notifier, told, clock } = process();
    await notifier.take(failing());
    await notifier.take(failing("TIMEOUT"));
    clock.advance(24 * HOUR);
    await notifier.take(failing("TIMEOUT"));
    await notifier.settled();
    expect(told).toMatchObject([
      { reminder: false },
      { reminder: false, reason: { cause: "TIMEOUT" } },
      { reminder: true, reason: { cause: "TIMEOUT" } },
    ]);
  });
});

describe("What the site remembers", () => {
  it("is not told again after a restart, and its end is", async () => {
    const { place } = notices();
    expect(await process(place).take()).toEqual(["failed"]);
    const second = process(place);
    expect(await second.take()).toEqual([]);
    expect(await second.take(failing("TIMEOUT"))).toEqual(["failed"]);
    expect(await process(place).take(well())).toEqual(["recovered"]);
    expect(await process(place).take(well())).toEqual([]);
  });

  it("is reminded of in its time, whoever told it first", async () => {
    const { place } = notices();
    await process(place).take();
    const second = process(place);
    expect(await second.take(failing(), 23 * HOUR)).toEqual([]);
    expect(await second.take(failing(), 2 * HOUR)).toEqual(["failed"]);
  });

  it("is told by one of several processes", async () => {
    const { place } = notices();
    const all = [process(place), process(place), process(place)];
    const told: string[] = [];
    for (const report of [failing(), failing(), well(), well()])
      for (const each of all) told.push(...(await each.take(report)));
    expect(told).toEqual(["failed", "recovered"]);
  });

  it("has the same id where two tell it at once", async () => {
    const { place } = notices();
    const [one, other] = [process(place), process(place)];
    await Promise.all([one.notifier.take(failing()), other.notifier.take(failing())]);
    await Promise.all([one.notifier.settled(), other.notifier.settled()]);
    expect([one.told.length, one.told[0]?.id]).toEqual([1, other.told[0]?.id]);
  });

  it("is told again after a restart where nobody had got it", async () => {
    const { place, kept } = notices();
    const unlucky = process(place, async () => {
      throw new Error("The mail server is down.");
    });
    await unlucky.take();
    await unlucky.take();
    expect(kept.size).toBe(0);
    expect(await process(place).take()).toEqual(["failed"]);
  });

  it("is told once in this process although the site can't be written", async () => {
    const { place, how } = notices();
    how.readOnly = true;
    const { take } = process(place);
    expect(await take()).toEqual(["failed"]);
    expect(await take()).toEqual([]);
    expect(await take(well())).toEqual(["recovered"]);
    expect(await take(well())).toEqual([]);
  });

  it("stays over although the site could not be told of that yet", async () => {
    const { place, how } = notices();
    const { take } = process(place);
    await take();
    how.readOnly = true;
    expect(await take(well())).toEqual(["recovered"]);
    expect(await take(well())).toEqual([]);
    how.readOnly = false;
    expect(await take(failing("TIMEOUT"))).toEqual(["failed"]);
  });

  it("does not wait for a deliverer that takes hours", async () => {
    const { opened, open } = gate();
    const told: string[] = [];
    const { notifier } = process(notices().place, async ({ type }) => {
      await opened;
      told.push(type);
    });
    await notifier.take(failing());
    await notifier.take(well());
    await notifier.take(well());
    open();
    await notifier.settled();
    expect(told).toEqual(["failed", "recovered"]);
  });

  it("says nothing of sites that are out of reach, which are told of once by each process", async () => {
    const { place, kept } = notices();
    const { take } = process(place);
    expect(await take(away())).toEqual(["site-unreachable"]);
    expect(await take(away())).toEqual([]);
    expect([...kept.values()].flat()).toEqual([]);
    expect(await take(well())).toEqual(["recovered"]);
  });
});
