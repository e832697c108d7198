import { archive } from "@lifeboat/archive";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, it } from "vitest";
import { createBackupEngine, type EngineEvent, type EngineOptions, webhook } from "../../src/index.ts";
import { APP, KEY, later, texts } from "../support.ts";
import { receiver } from "./receiver.ts";

const SECRET = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;

function host(options: Pick<EngineOptions, "notify" | "onEvent">, storage = memoryStorage()) {
  const how = { broken: true };
  const source = texts(
    "settings",
    { a: "1" },
    {
      hooks: {
        async beforeBackup() {
          if (how.broken) throw new Error("postgres://app:hunter2@db/ is locked");
        },
      },
    },
  );
  const kept = { ...storage, [Symbol.asyncDispose]: async () => {} };
  const engine = createBackupEngine({
    app: APP,
    threads: 0,
    sources: [source],
    sites: { local: { storage: kept, key: KEY, format: archive() } },
    plans: { nightly: { site: "local" } },
    ...options,
  });
  later(() => engine.close());
  const fail = async () => expect(engine.backup({ plan: "nightly" })).rejects.toMatchObject({ code: "SOURCE_FAILED" });
  return { engine, how, fail };
}

it("A run of a plan that fails is told before the engine has closed, also where it was never started", async () => {
  const { origin, received } = await receiver(200);
  const events: EngineEvent[] = [];
  const notify = [webhook({ url: `${origin}/?token=hunter2`, secret: SECRET })];
  const { engine, fail } = host({ notify, onEvent: (event) => events.push(event) });
  await fail();
  await engine.close();
  expect(received.map(({ body }) => JSON.parse(body))).toMatchObject([
    {
      type: "backup.failed",
      data: {
        site: "local",
        plan: "nightly",
        text: 'The backup of the plan "nightly" failed less than a minute ago: SOURCE_FAILED: The source "settings" failed in beforeBackup: postgres://db/ is locked.',
      },
    },
  ]);
  expect(events).toContainEqual(expect.objectContaining({ type: "notified" }));
  expect(JSON.stringify([events, received.map(({ body }) => body)])).not.toMatch(/hunter2|whsec/);
});

it("A deliverer that fails is a warning, and holds up nothing", async () => {
  const events: EngineEvent[] = [];
  const { engine, fail, how } = host({
    notify: {
      to: [
        () => {
          throw new Error("smtp://me:hunter2@mail.example.org/ is down");
        },
      ],
      remindAfter: false,
    },
    onEvent: (event) => events.push(event),
  });
  await fail();
  how.broken = false;
  await engine.backup({ plan: "nightly" });
  await engine.close();
  expect(events.filter(({ type }) => type === "warning")[0]).toMatchObject({
    code: "not-delivered",
    plan: "nightly",
    site: "local",
    message: "A notification (failed) could not be delivered: smtp://mail.example.org/ is down",
  });
  expect(JSON.stringify(events)).not.toContain("hunter2");
});

it("Nothing is looked at where nobody is to be told", async () => {
  const storage = memoryStorage();
  const listed: string[] = [];
  const list: typeof storage.list = (prefix, options) => {
    listed.push(prefix);
    return storage.list(prefix, options);
  };
  const { engine, fail } = host({}, { ...storage, list });
  await fail();
  const before = listed.length;
  await engine.close();
  expect(listed.length).toBe(before);
});

it("What is no way to tell anybody is refused", () => {
  for (const notify of [[{}], {}, { to: "me" }, { to: [], remindAfter: "daily" }, { to: [() => {}], awayFor: "-1s" }]) {
    expect(() => host({ notify: notify as never })).toThrow(expect.objectContaining({ code: "INVALID" }));
  }
  expect(() => host({ notify: [] })).not.toThrow();
});
