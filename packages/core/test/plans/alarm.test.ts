import { setImmediate as turn } from "node:timers/promises";
import { type Clock, systemClock } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import { createAlarm, stopped } from "../../src/lib/plans/alarm.ts";
import { plannedHost } from "./support.ts";
import { beginTime, DAY, HOUR, MIN } from "./virtual.ts";

const never = new AbortController().signal;

describe("an alarm", () => {
  it("wakes everybody at their time, and at once who is late", async () => {
    using time = await beginTime();
    const { clock } = time.host("a");
    const alarm = createAlarm(clock);
    const woken: string[] = [];
    for (const [name, after] of [
      ["b", 2 * HOUR],
      ["a", HOUR],
      ["c", -1],
      ["d", 40 * DAY],
    ] as const)
      void alarm.until(time.now + after, never).then((reached) => woken.push(`${name} ${reached}`));
    await time.until(time.now + 1);
    expect(woken).toEqual(["c true"]);
    await time.until(time.now + HOUR);
    expect(woken).toEqual(["c true", "a true"]);
    await time.until(time.now + 41 * DAY);
    expect(woken).toEqual(["c true", "a true", "b true", "d true"]);
  });

  it("wakes everybody where the clock goes back, and is not late where it goes forward or stood still", async () => {
    using time = await beginTime();
    const host = time.host("a");
    const alarm = createAlarm(host.clock);
    const woken: string[] = [];
    const wait = (name: string, at: number) =>
      void alarm.until(at, never).then((reached) => woken.push(`${name} ${reached}`));
    const noon = time.now;
    wait("a", noon + DAY);
    host.setClock(-HOUR);
    await time.until(noon + MIN);
    expect(woken).toEqual(["a false"]);
    wait("b", noon + DAY);
    host.setClock(2 * DAY);
    await time.until(noon + 2 * MIN);
    expect(woken).toEqual(["a false", "b true"]);
    wait("c", host.clock.now() + 10 * MIN);
    host.sleep(HOUR);
    await time.until(noon + 2 * MIN + HOUR + MIN);
    expect(woken).toEqual(["a false", "b true", "c true"]);
  });

  it("leaves nothing behind where nobody waits any more", async () => {
    using time = await beginTime();
    const alarm = createAlarm(time.host("a").clock);
    const stop = new AbortController();
    const waits = [1, 2, 3].map((hours) =>
      alarm.until(time.now + hours * HOUR, stop.signal).catch((error: unknown) => error),
    );
    await time.until(time.now + 1);
    const reason = stopped();
    stop.abort(reason);
    expect(await Promise.all(waits)).toEqual([reason, reason, reason]);
    const { steps } = time;
    await time.until(time.now + DAY);
    expect(time.steps - steps).toBe(1);
    await expect(alarm.until(0, stop.signal)).rejects.toBe(reason);
  });
});

it("A plan that waits for its time does not keep the process alive, and leaves nothing when it is stopped", async () => {
  const waiting = { after: 0, sleep: 0 };
  const clock: Clock = {
    ...systemClock,
    async sleep(ms, options) {
      waiting.sleep += 1;
      await systemClock.sleep(ms, options).finally(() => {
        waiting.sleep -= 1;
      });
    },
    after(ms, callback) {
      const ended = new AbortController();
      waiting.after += 1;
      ended.signal.addEventListener("abort", () => {
        waiting.after -= 1;
      });
      const timer = systemClock.after(ms, () => {
        ended.abort();
        callback();
      });
      return {
        [Symbol.dispose]() {
          ended.abort();
          timer[Symbol.dispose]();
        },
      };
    },
  };
  const { engine } = plannedHost({ clock });
  engine.start();
  while ((await engine.plans.status("nightly")).next[0]?.reason !== "schedule") await turn();
  expect((await engine.backups.list({ site: "local" })).map(({ trigger }) => trigger)).toEqual(["scheduled"]);
  expect(waiting).toEqual({ after: 1, sleep: 0 });
  await engine.stop();
  expect(waiting).toEqual({ after: 0, sleep: 0 });
  expect(await engine.plans.status("nightly")).toMatchObject({ started: false, next: [] });
});
