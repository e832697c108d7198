import { archive } from "@lifeboat/archive";
import { unencrypted } from "@lifeboat/crypto";
import { dedup } from "@lifeboat/dedup";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, expectTypeOf, it } from "vitest";
import { type BackupEngine, createBackupEngine, type PlanOptions } from "../../src/index.ts";
import { APP, texts } from "../support.ts";
import { NIGHTLY, plannedHost } from "./support.ts";

const coded = (code: string, message: RegExp = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("the names of plans", () => {
  const site = () => ({ storage: memoryStorage(), format: archive(), key: unencrypted() });
  const parts = { app: APP, sources: [{ ...texts("settings", {}), id: "settings" as const }], threads: 0 };

  it("are part of an engine's type, and so are the sites and sources that plans name", async () => {
    await using engine = createBackupEngine({
      ...parts,
      sites: { local: site(), offsite: site() },
      plans: {
        nightly: { site: "local", sources: ["settings"], schedule: "0 2 * * *" },
        weekly: { site: "offsite", sources: { except: ["settings"] }, schedule: { every: "7d", at: "03:00" } },
      },
    });
    expectTypeOf(engine).toEqualTypeOf<BackupEngine<"local" | "offsite", "settings", "nightly" | "weekly">>();
    // @ts-expect-error a plan that does not exist
    await expect(engine.backup({ plan: "nigthly" })).rejects.toThrow(coded("NOT_FOUND", /nightly, weekly/));
    // @ts-expect-error a plan that does not exist
    await expect(engine.plans.status("nigthly")).rejects.toThrow(coded("NOT_FOUND"));
  });

  it("must be for sites and sources that there are", () => {
    const wrong = () =>
      createBackupEngine({
        ...parts,
        sites: { local: site() },
        // @ts-expect-error a site that does not exist
        plans: { nightly: { site: "offsiet" } },
      });
    expect(wrong).toThrow(coded("INVALID", /offsiet.*local/));
    createBackupEngine({
      ...parts,
      sites: { local: site() },
      // @ts-expect-error a source that does not exist; a plugin may yet bring it
      plans: { nightly: { site: "local", sources: ["setings"] } },
    });
  });

  it("are none where there are no plans", async () => {
    await using engine = createBackupEngine({ ...parts, sites: { local: site() } });
    expectTypeOf(engine).toEqualTypeOf<BackupEngine<"local", "settings", never>>();
    expect(engine.plans.list()).toEqual([]);
    await using plain: BackupEngine = engine;
    await expect(plain.backup({ plan: "nightly" })).rejects.toThrow(coded("NOT_FOUND", /none/));
  });
});

describe("a plan that can't be used is refused before anything happens", () => {
  const wrong: readonly [string, Partial<PlanOptions<"local">>, RegExp][] = [
    ["no cron expression", { schedule: "at night" }, /plans\.nightly\.schedule.*"at night"/],
    ["a minute that there is not", { schedule: "61 * * * *" }, /schedule/],
    ["a day that never comes", { schedule: "0 2 30 2 *" }, /schedule/],
    ["a single date", { schedule: "2026-11-20T02:00:00" }, /schedule/],
    ["a time zone that there is not", { schedule: { cron: "0 2 * * *", timeZone: "Europe/Bärlin" } }, /Bärlin/],
    ["an interval that is none", { schedule: { every: "daily" } }, /schedule\.every.*"daily"/],
    ["a time of day that is none", { schedule: { every: "24h", at: "24:00" } }, /schedule\.at.*24:00/],
    ["a time of day with an interval that wanders", { schedule: { every: "7h", at: "02:00" } }, /schedule\.every/],
    ["a jitter that is none", { schedule: { every: "24h", jitter: "some" } }, /jitter/],
    ["a time limit of nothing", { limits: { time: "0h" } }, /limits\.time/],
    ["a memory limit in apples", { limits: { memory: "256 apples" } }, /limits\.memory/],
    ["a pause that is none", { retry: { first: "soon" } }, /retry\.first/],
    ["a verification at a level that there is not", { verify: { schedule: "@daily", level: "full" as never } }, /full/],
    [
      "two verifications at one level",
      {
        verify: [
          { schedule: "@daily", level: "drill" },
          { schedule: "@weekly", level: "restore" },
        ],
      },
      /plans\.nightly\.verify.*several/,
    ],
    ["a share of nothing", { verify: { schedule: "@daily", share: { percent: 0 } } }, /share/],
    ["an age that is none", { staleAfter: "long" }, /staleAfter/],
  ];
  it.each(wrong)("%s", (_, options, message) => {
    expect(() => plannedHost({ plans: { nightly: { site: "local", ...options } } })).toThrow(coded("INVALID", message));
  });

  it("a heartbeat that is no URL, which is not told again: it may be a secret", () => {
    const make = () => plannedHost({ plans: { nightly: { site: "local", heartbeat: "ftp://me:secret@x" } } });
    expect(make).toThrow(coded("INVALID", /^(?!.*secret).*heartbeat/));
  });

  it("an instance without a name", () => {
    expect(() => plannedHost({ instance: "" })).toThrow(coded("INVALID", /instance/));
  });
});

describe("a backup of a plan that is made by hand", () => {
  it("goes to the plan's site with the plan's sources, and says for whom it was made", async () => {
    const plans = {
      nightly: { ...NIGHTLY, sources: ["settings"] },
      rest: { ...NIGHTLY, sources: { except: ["media"] } },
    };
    const { engine } = plannedHost({ plans });
    const backup = await engine.backup({ plan: "nightly", label: "before the move", preserve: true });
    expect(backup).toMatchObject({ site: "local", trigger: "manual", label: "before the move", preserve: true });
    expect(backup.parts.map(({ source }) => source)).toEqual(["settings"]);
    expect(backup.run).toEqual({ instance: "nvr-berlin", plan: "nightly" });
    expect(await engine.backups.list({ site: "local" })).toEqual([backup]);
    expect((await engine.backup({ plan: "rest" })).parts.map(({ source }) => source)).toEqual(["settings"]);
    expect((await engine.backup({ site: "local" })).run).toEqual({ instance: "nvr-berlin" });
  });

  it.each([archive(), dedup()])(
    "says so still when its manifest was made anew, and as a copy ($name)",
    async (format) => {
      const { engine, storage } = plannedHost({ format });
      const { id, run } = await engine.backup({ plan: "nightly" });
      await storage.delete([`backups/${id}/manifest.json`]);
      expect((await engine.backups.rebuild({ site: "local", id })).run).toEqual(run);
      await engine.copy({ from: "local", to: "offsite" });
      expect(await engine.backups.list({ site: "offsite" })).toMatchObject([{ id, run }]);
      await storage.delete([`backups/${id}/manifest.json`]);
    },
  );

  it("is the plan's last success", async () => {
    const { engine } = plannedHost();
    expect(await engine.plans.status("nightly")).toMatchObject({ name: "nightly", failures: 0, warnings: [] });
    const { id, time, finished } = await engine.backup({ plan: "nightly" });
    await engine.backup({ site: "local" });
    const { lastSuccess } = await engine.plans.status("nightly");
    expect(lastSuccess).toEqual({ id, trigger: "manual", started: time, finished });
  });
});

it("A plan tells what it takes, when it is due, and how it reckons, without asking its site", () => {
  const gone = { ...memoryStorage(), list: () => expect.unreachable() };
  const { engine } = plannedHost({ storage: gone });
  expect(engine.plans.list()).toEqual([
    {
      name: "nightly",
      site: "local",
      sources: ["settings", "media"],
      schedule: "0 2 * * * (Europe/Berlin)",
      nextSlot: expect.any(Date),
      staleAfterMs: 50 * 3_600_000, // twice the night when the clock is put back
    },
  ]);
});

it("A plan whose newest backup another instance has made says so: a host may have been cloned", async () => {
  const { engine, storage } = plannedHost();
  await engine.backup({ plan: "nightly" });
  const clone = plannedHost({ storage, instance: "nvr-hamburg" });
  const { lastSuccess, warnings } = await clone.engine.plans.status("nightly");
  expect(lastSuccess).toBeUndefined();
  expect(warnings).toEqual([{ code: "other-instance", message: expect.stringMatching(/nvr-berlin.*nvr-hamburg/) }]);
  const { id } = await clone.engine.backup({ plan: "nightly" });
  expect(await clone.engine.plans.status("nightly")).toMatchObject({ lastSuccess: { id }, warnings: [] });
  expect((await engine.plans.status("nightly")).warnings).toMatchObject([{ code: "other-instance" }]);
});

it("A plan whose site can't be looked at says that", async () => {
  const away = {
    ...memoryStorage(),
    get: () => {
      throw new Error("the disk is gone");
    },
  };
  const { engine } = plannedHost({ storage: away });
  const { warnings } = await engine.plans.status("nightly");
  expect(warnings).toEqual([{ code: "site-away", message: expect.stringMatching(/"local".*the disk is gone/) }]);
});
