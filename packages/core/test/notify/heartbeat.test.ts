import { archive } from "@lifeboat/archive";
import { systemClock } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, it } from "vitest";
import { createBackupEngine, type EngineEvent } from "../../src/index.ts";
import { ping } from "../../src/lib/notify/heartbeat.ts";
import { APP, KEY, later, texts } from "../support.ts";
import { receiver } from "./receiver.ts";

function context() {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { pauses, signal: new AbortController().signal, clock: systemClock, pause };
}

it("A heartbeat is one request", async () => {
  const { origin, received } = await receiver(200);
  await ping(`${origin}/ping/abc?x=1`, context());
  expect(received).toMatchObject([{ method: "GET", url: "/ping/abc?x=1", body: "" }]);
});

it("A heartbeat that is lost on the way is sent again, three times in all", async () => {
  const { origin, received } = await receiver("hang up", 503, 200);
  const work = context();
  await ping(origin, work);
  expect([received.length, work.pauses]).toEqual([3, [5000, 30_000]]);
  const other = await receiver(500);
  await expect(ping(other.origin, context())).rejects.toMatchObject({ code: "UNREACHABLE" });
  expect(other.received).toHaveLength(3);
});

it("A heartbeat follows no redirect", async () => {
  const { origin, received } = await receiver({ status: 302, headers: { location: "/elsewhere" } });
  await expect(ping(`${origin}/abc`, context())).rejects.toMatchObject({ reason: "redirected" });
  expect(received).toHaveLength(1);
});

it("A plan's heartbeat is sent after each success, and after no failure; that it can't be is a warning", async () => {
  const { origin, received, arrivals } = await receiver(200, 404);
  let broken = false;
  const source = texts(
    "settings",
    { a: "1" },
    {
      hooks: {
        async beforeBackup() {
          if (broken) throw new Error("broken");
        },
      },
    },
  );
  const events: EngineEvent[] = [];
  const engine = createBackupEngine({
    app: APP,
    threads: 0,
    sources: [source],
    sites: { local: { storage: memoryStorage(), key: KEY, format: archive() } },
    plans: { nightly: { site: "local", heartbeat: `${origin}/ping/hunter2?token=hunter2` }, other: { site: "local" } },
    onEvent: (event) => events.push(event),
  });
  later(() => engine.close());
  await engine.backup({ plan: "nightly" });
  await arrivals(1);
  await engine.backup({ plan: "other" });
  await engine.backup({ site: "local" });
  broken = true;
  await expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
  broken = false;
  await engine.backup({ plan: "nightly" });
  await arrivals(2);
  await engine.close();
  expect(received.map(({ url }) => url)).toEqual(Array(2).fill("/ping/hunter2?token=hunter2"));
  expect(events.filter(({ type }) => type === "warning")).toEqual([
    {
      type: "warning",
      time: expect.any(Date),
      code: "heartbeat-failed",
      plan: "nightly",
      site: "local",
      message: `The heartbeat of the plan "nightly" could not be sent: ${origin} answered with the status 404.`,
    },
  ]);
  expect(JSON.stringify(events)).not.toContain("hunter2");
});
