import { dedup } from "@lifeboat/dedup";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { collect, gate, keys, textEntry, texts } from "../support.ts";
import { renderPreview, retainingHost } from "./support.ts";

const coded = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const night = (day: number) => `2026-11-${String(day).padStart(2, "0")}T01:00:00Z`;

describe("a plan's retention", () => {
  it("keeps the last ones and the manual ones, and removes the rest, with what becomes of each", async () => {
    const { engine, backUp, set } = retainingHost({ plans: { nightly: { retention: { keepLast: 2 } } } });
    const ids: string[] = [];
    for (const day of [1, 2, 3, 4, 5]) ids.push((await backUp("nightly", night(day))).id);
    const manual = await backUp("nightly", "2026-11-02T12:00:00Z", "manual");
    set("2026-11-05T12:00:00Z");
    const preview = await engine.plans.preview("nightly");
    expect(preview).toMatchObject({ plan: "nightly", site: "local", policy: { keepLast: 2 }, others: 0, damaged: [] });
    expect(preview.keep.map(({ backup, text }) => [backup.id, text])).toEqual([
      [ids[4], "kept: last #1, latest"],
      [ids[3], "kept: last #2"],
      [manual.id, "kept: manual"],
    ]);
    expect(await engine.backups.list({ site: "local" })).toHaveLength(6); // a preview touches nothing

    const job = engine.plans.prune("nightly");
    expect(job).toMatchObject({ kind: "prune", site: "local" });
    const report = await job;
    expect(report).toMatchObject({ plan: "nightly", site: "local", left: [], kept: 3, excessBytes: 0 });
    expect(report).not.toHaveProperty("freed");
    expect(report.removed.map(({ backup, text }) => [backup.id, text])).toEqual([
      [ids[0], "removed: beyond the last 2"],
      [ids[1], "removed: beyond the last 2"],
      [ids[2], "removed: beyond the last 2"],
    ]);
    const left = await engine.backups.list({ site: "local" });
    expect(left.map(({ id }) => id)).toEqual(preview.keep.map(({ backup }) => backup.id));
    for (const { id } of left) expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
    expect((await engine.plans.prune("nightly")).removed).toEqual([]);
  });

  it("removes only the plan's own of this installation, whatever else is on the site", async () => {
    const storage = memoryStorage();
    const plans = { nightly: { retention: { keepLast: 1 } }, hourly: { retention: { keepWithin: "2h" } }, kept: {} };
    const one = retainingHost({ plans, storage });
    const other = retainingHost({ plans, storage, instance: "nvr-hamburg" });
    for (const day of [1, 2, 3]) {
      await one.backUp("nightly", night(day));
      for (const hour of [3, 4, 5, 6]) await one.backUp("hourly", `2026-11-0${day}T0${hour}:00:00Z`);
      await one.backUp("kept", `2026-11-0${day}T10:00:00Z`);
      await other.backUp("nightly", `2026-11-0${day}T11:00:00Z`);
      await one.engine.backup({ site: "local", trigger: "scheduled" }); // of no plan
    }
    one.set("2026-11-03T12:00:00Z");
    const texts: string[] = [];
    for (const plan of ["nightly", "hourly", "kept"]) texts.push(renderPreview(await one.engine.plans.preview(plan)));
    await expect(texts.join("\n")).toMatchFileSnapshot("golden/plans-on-one-site.txt");
    const count = async () => (await one.engine.backups.list({ site: "local" })).length;
    expect(await count()).toBe(24);
    expect((await one.engine.plans.prune("nightly")).removed).toHaveLength(2);
    expect((await one.engine.plans.prune("kept")).removed).toEqual([]);
    expect(await count()).toBe(22);
    const later = await other.engine.plans.preview("nightly");
    expect(later).toMatchObject({ others: 19 });
    expect([later.keep.length, later.remove.length]).toEqual([1, 2]);
    expect((await one.engine.plans.prune("hourly")).removed).toHaveLength(10);
    expect(await count()).toBe(12);
  });

  it("lets go of a preserved one once it is no longer preserved, also where that changes between look and deed", async () => {
    const { engine, backUp, storage } = retainingHost({ plans: { nightly: { retention: { keepLast: 1 } } } });
    const first = await backUp("nightly", night(1));
    const second = await backUp("nightly", night(2));
    await backUp("nightly", night(3));
    await engine.backups.update({ site: "local", id: first.id, preserve: true });
    const { keep } = await engine.plans.preview("nightly");
    expect(keep.at(-1)).toMatchObject({ backup: { id: first.id }, text: "kept: preserved" });

    // The list is taken before the labels are written, and the deletion looks at them once more.
    const racing = {
      ...storage,
      list(...args: Parameters<typeof storage.list>) {
        const listing = storage.list(...args);
        return (async function* () {
          for await (const info of listing) if (!info.key.endsWith("labels.json")) yield info;
        })();
      },
    };
    const other = retainingHost({ plans: { nightly: { retention: { keepLast: 1 } } }, storage: racing });
    other.set(night(4));
    const job = other.engine.plans.prune("nightly");
    const events = await collect(job);
    const report = await job;
    expect(report.removed.map(({ backup }) => backup.id)).toEqual([second.id]);
    expect(report.left).toEqual([coded("INVALID", /preserved/)]);
    expect(report.kept).toBe(2);
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "not-removed" }));
    await engine.backups.update({ site: "local", id: first.id, preserve: false });
    expect((await engine.plans.prune("nightly")).removed.map(({ backup }) => backup.id)).toEqual([first.id]);
  });

  it("leaves a backup for the next time that is being read", async () => {
    const begun = gate();
    const go = gate();
    const settings = texts(
      "settings",
      { a: "1" },
      {
        async restore(_, entries) {
          begun.open();
          await go.opened;
          for await (const _entry of entries);
        },
      },
    );
    const { engine, backUp } = retainingHost({
      plans: { nightly: { retention: { keepLast: 1 } } },
      sources: [settings],
    });
    const first = await backUp("nightly", night(1));
    await backUp("nightly", night(2));
    const plan = await engine.planRestore({ site: "local", id: first.id });
    const restoring = engine.restore(plan, { confirm: plan.token });
    await begun.opened;
    expect(await engine.plans.prune("nightly")).toMatchObject({
      removed: [],
      kept: 2,
      left: [{ id: first.id, code: "LOCKED" }],
    });
    go.open();
    await restoring;
    expect(await engine.plans.prune("nightly")).toMatchObject({ removed: [{ backup: { id: first.id } }], kept: 1 });
  });

  it("keeps the latest of a source that the plan no longer takes, and lets go of one that nobody registers any more", async () => {
    const storage = memoryStorage();
    const retention = { keepLast: 1 };
    const [settings, users, media] = [texts("settings", { a: "1" }), texts("users", {}), texts("media", {})];
    const before = retainingHost({ plans: { nightly: { retention } }, sources: [settings, users, media], storage });
    const first = await before.backUp("nightly", night(1));
    const now = (sources: ("settings" | "users")[], registered = [settings, users]) =>
      retainingHost({ plans: { nightly: { retention, sources } }, sources: registered, storage });
    const host = now(["settings"]);
    await host.backUp("nightly", night(2));
    const { keep } = await host.engine.plans.preview("nightly");
    expect(keep.at(-1)).toMatchObject({ backup: { id: first.id }, text: "kept: latest of users" });
    const late = now(["settings", "users"], [settings]); // the plugin that brings it has not registered it yet
    late.set(night(3));
    expect((await late.engine.plans.preview("nightly")).remove).toEqual([]);
    const gone = now(["settings"], [settings]);
    gone.set(night(3));
    expect((await gone.engine.plans.prune("nightly")).removed).toMatchObject([{ backup: { id: first.id } }]);
  });

  it("may be tried out with another policy before it is taken", async () => {
    const { engine, backUp } = retainingHost({ plans: { nightly: {} } });
    for (const day of [1, 2, 3]) await backUp("nightly", night(day));
    const now = await engine.plans.preview("nightly");
    expect(now).toMatchObject({ policy: null, remove: [] });
    expect(now.keep[0]?.text).toBe("kept: the plan has no retention");
    const tried = await engine.plans.preview("nightly", { retention: { keepLast: 1 } });
    expect([tried.keep.length, tried.remove.length]).toEqual([1, 2]);
    await expect(engine.plans.preview("nightly", { retention: {} })).rejects.toThrow(coded("INVALID"));
    await expect(engine.plans.preview("nothing")).rejects.toThrow(coded("NOT_FOUND", /nightly/));
    await expect(engine.plans.prune("nothing")).rejects.toThrow(coded("NOT_FOUND", /nightly/));
    expect(await engine.plans.prune("nightly")).toMatchObject({ removed: [], kept: 3 });
  });

  it("is refused at once where it can't be meant, by the name of the plan", () => {
    const wrong = () => retainingHost({ plans: { nightly: { retention: { keepLast: -1 } } } });
    expect(wrong).toThrow(coded("INVALID", /plans\.nightly\.retention\.keepLast .* found -1/));
  });

  it("removes nothing on a site that holds nothing, and makes none", async () => {
    const { engine, storage } = retainingHost({ plans: { nightly: { retention: { keepLast: 1 } } } });
    expect(await engine.plans.preview("nightly")).toMatchObject({ keep: [], remove: [], others: 0 });
    expect(await keys(storage)).toEqual([]);
  });

  it("goes by a total size where each backup has one of its own, and not where backups share their content", async () => {
    const policy = { keepLast: "unlimited", maxTotalSize: 1 } as const;
    const archives = retainingHost({ plans: { nightly: { retention: policy } } });
    for (const day of [1, 2]) await archives.backUp("nightly", night(day));
    const report = await archives.engine.plans.prune("nightly");
    expect(report.removed.map(({ text }) => text)).toEqual(["removed: over the total of 1 bytes, else last #2"]);
    expect(report.excessBytes).toBeGreaterThan(0);
    const shared = retainingHost({ plans: { nightly: { retention: policy } }, format: dedup() });
    await shared.backUp("nightly", night(1));
    await expect(shared.engine.plans.preview("nightly")).rejects.toThrow(coded("UNSUPPORTED", /maxTotalSize/));
    await expect(shared.engine.plans.prune("nightly")).rejects.toThrow(coded("UNSUPPORTED", /maxTotalSize/));
  });

  it("frees the room in a dedup site", async () => {
    const words = (seed: string) => Array.from({ length: 9000 }, (_, n) => `${seed}${n}`).join(" ");
    let content = words("a");
    const settings = texts(
      "settings",
      {},
      {
        async *entries() {
          yield textEntry("a", content);
        },
      },
    );
    const { engine, backUp } = retainingHost({
      plans: { nightly: { retention: { keepLast: 1 } } },
      sources: [settings],
      format: dedup(),
    });
    await backUp("nightly", night(1));
    content = words("b");
    const second = await backUp("nightly", night(2));
    const report = await engine.plans.prune("nightly");
    expect(report.removed).toHaveLength(1);
    expect(report.freed?.deletedBytes).toBeGreaterThan(10_000);
    expect(await engine.verify({ site: "local", id: second.id })).toMatchObject({ ok: true });
  });

  it("goes through many in batches, and may be stopped anywhere", async () => {
    const { engine, backUp } = retainingHost({ plans: { nightly: { retention: { keepLast: 1 } } } });
    for (let n = 0; n < 26; n++) await backUp("nightly", night(1 + n));
    const job = engine.plans.prune("nightly");
    for await (const event of job) {
      if (event.type === "progress" && event.progress.entries >= 1) job.cancel("enough");
    }
    await expect(job).rejects.toThrow(coded("ABORTED"));
    const some = (await engine.plans.preview("nightly")).remove.length;
    expect(some).toBeLessThan(25);
    expect(some).toBeGreaterThan(0);
    expect((await engine.plans.prune("nightly")).removed).toHaveLength(some);
    expect(await engine.backups.list({ site: "local" })).toHaveLength(1);
  });
});

describe("the storage is the truth", () => {
  it("so what somebody took away is gone from the preview, and what somebody brought is in it", async () => {
    const { engine, backUp, storage } = retainingHost({ plans: { nightly: { retention: { keepLast: 2 } } } });
    const ids: string[] = [];
    for (const day of [1, 2, 3, 4]) ids.push((await backUp("nightly", night(day))).id);
    const kept = async () => (await engine.plans.preview("nightly")).keep.map(({ backup }) => backup.id);
    expect(await kept()).toEqual([ids[3], ids[2]]);
    const taken = memoryStorage();
    const [third, fourth] = [ids[2] ?? "", ids[3] ?? ""];
    for (const id of [third, fourth]) {
      for (const key of await keys(storage, `backups/${id}/`)) await taken.put(key, storage.get(key));
      await storage.delete(await keys(storage, `backups/${id}/`));
    }
    expect(await kept()).toEqual([ids[1], ids[0]]);
    expect((await engine.plans.prune("nightly")).removed).toEqual([]);
    for (const key of await keys(taken)) await storage.put(key, taken.get(key));
    expect(await kept()).toEqual([fourth, third]);
    expect((await engine.plans.prune("nightly")).removed.map(({ backup }) => backup.id)).toEqual([ids[0], ids[1]]);
  });

  it("and a backup that can't be read is nobody's to remove", async () => {
    const { engine, backUp, storage } = retainingHost({ plans: { nightly: { retention: { keepLast: 1 } } } });
    const first = await backUp("nightly", night(1));
    await backUp("nightly", night(2));
    await storage.put(`backups/${first.id}/manifest.json`, Buffer.from("{}"));
    const preview = await engine.plans.preview("nightly");
    expect(preview).toMatchObject({ remove: [], damaged: [{ id: first.id, status: "damaged" }] });
    expect((await engine.plans.prune("nightly")).removed).toEqual([]);
    await engine.backups.rebuild({ site: "local", id: first.id });
    expect((await engine.plans.prune("nightly")).removed).toMatchObject([{ backup: { id: first.id } }]);
  });
});
