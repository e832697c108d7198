import { LifeboatError } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { backupsOf, beginTime, DAY, live, recordsIn, settled } from "../plans/virtual.ts";
import { collect, texts } from "../support.ts";
import { retainingHost } from "./support.ts";

const coded = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });
const NIGHTLY = { site: "local", schedule: "0 2 * * *", retention: { keepLast: 3 } } as const;
const AFTER_EACH = { nightly: { retention: { keepLast: 1 }, prune: undefined } };

describe("pruning as part of a plan", () => {
  it("comes after each successful run, and is remembered", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(time.now + 6 * DAY);
    expect(await backupsOf(time, local)).toEqual([
      "nightly 01-14 01:00 at 01-14 01:00",
      "nightly 01-15 01:00 at 01-15 01:00",
      "nightly 01-16 01:00 at 01-16 01:00",
    ]);
    const records = recordsIn(local);
    expect(records).toHaveLength(7);
    expect(records.at(-1)).toMatchObject({ plan: "nightly", outcome: "succeeded", message: "1 removed, 3 kept" });
    const { lastPrune, failures } = await settled(time, engine.plans.status("nightly"));
    expect(lastPrune).toMatchObject({ task: "prune", outcome: "succeeded" });
    expect(failures).toBe(0);
  });

  it("removes nothing after a failed run, however many there are, and goes on after the next that succeeds", async () => {
    using time = await beginTime();
    const local = time.site();
    const { engine, how } = live(time, { plans: { nightly: NIGHTLY }, local });
    engine.start();
    await time.until(time.now + 4 * DAY);
    const before = await backupsOf(time, local);
    expect(before).toHaveLength(3);
    how.fail = new Error("the database is away");
    await time.until(time.now + 5 * DAY);
    expect(await backupsOf(time, local)).toEqual(before);
    how.fail = undefined;
    await time.until(time.now + DAY);
    const after = await backupsOf(time, local);
    expect(after).toHaveLength(3);
    expect(after[0]).toBe(before[2]);
  });

  it("has a schedule of its own where the plan says so, which waits for a success after a failure", async () => {
    using time = await beginTime();
    const local = time.site();
    const plans = { nightly: { ...NIGHTLY, prune: { schedule: "0 5 * * 0" } } }; // 10 January 2026 was a Saturday
    const { engine, how } = live(time, { plans, local });
    engine.start();
    await time.until(Date.parse("2026-01-17T20:00Z"));
    expect(await backupsOf(time, local)).toHaveLength(8); // on the first Sunday there was nothing to remove yet
    how.fail = new Error("the database is away");
    await time.until(Date.parse("2026-01-19T00:00Z"));
    expect(await backupsOf(time, local)).toHaveLength(8);
    const { next } = await settled(time, engine.plans.status("nightly"));
    expect(next).toContainEqual(expect.objectContaining({ task: "prune", reason: "held" }));
    how.fail = undefined;
    await time.until(Date.parse("2026-01-19T20:00Z"));
    expect(await backupsOf(time, local)).toHaveLength(3);
  });

  it("is done once where two processes of one installation run", async () => {
    using time = await beginTime();
    const local = time.site();
    const lives = ["a", "b"].map((name) => live(time, { plans: { nightly: NIGHTLY }, local, name }));
    for (const { engine } of lives) engine.start();
    await time.until(time.now + 6 * DAY);
    expect(await backupsOf(time, local)).toHaveLength(3);
    expect(recordsIn(local).filter(({ outcome }) => outcome !== "succeeded")).toEqual([]);
    expect(recordsIn(local)).toHaveLength(7);
  });

  it("comes after a run by hand too, within its job", async () => {
    const { engine, backUp, set } = retainingHost({ plans: AFTER_EACH });
    const first = await backUp("nightly", "2026-11-01T01:00:00Z");
    set("2026-11-02T01:00:00Z");
    const job = engine.backup({ plan: "nightly", trigger: "scheduled" });
    const events = await collect(job);
    const { id } = await job;
    expect(events).toContainEqual({ type: "phase", phase: "deleting" });
    expect((await engine.backups.list({ site: "local" })).map((backup) => backup.id)).toEqual([id]);
    expect(first.id).not.toBe(id);
    expect((await engine.plans.status("nightly")).lastPrune).toMatchObject({ message: "1 removed, 1 kept" });
  });

  it("fails by itself: the backup is made, and says so", async () => {
    const inner = memoryStorage();
    const denied = new LifeboatError({
      code: "PERMISSION_DENIED",
      operation: "storage.delete",
      message: "append only",
    });
    const storage: typeof inner = {
      ...inner,
      async delete(keys, options) {
        if (keys.some((key) => key.startsWith("backups/"))) throw denied;
        return inner.delete(keys, options);
      },
    };
    const { engine, backUp, set } = retainingHost({ plans: AFTER_EACH, storage });
    await backUp("nightly", "2026-11-01T01:00:00Z");
    set("2026-11-02T01:00:00Z");
    const job = engine.backup({ plan: "nightly", trigger: "scheduled" });
    const warnings = (await collect(job)).filter(({ type }) => type === "warning");
    expect(warnings).toEqual([
      { type: "warning", code: "prune-failed", message: expect.stringMatching(/append only/) },
    ]);
    expect(await job).toMatchObject({ status: "complete" });
    expect(job.status).toBe("succeeded");
    const status = await engine.plans.status("nightly");
    expect(status).toMatchObject({ failures: 0, lastPrune: { outcome: "failed", code: "PERMISSION_DENIED" } });
    expect(status.lastSuccess).toBeDefined();
    expect(await engine.backups.list({ site: "local" })).toHaveLength(2);
    await expect(engine.plans.prune("nightly")).rejects.toThrow(coded("PERMISSION_DENIED"));
  });

  it("may be asked for after a failed run too, by whoever needs the room", async () => {
    let fail = false;
    const settings = texts(
      "settings",
      { a: "1" },
      {
        describe: async () => {
          if (fail) throw new Error("no");
          return {};
        },
      },
    );
    const { engine, backUp, set } = retainingHost({ plans: AFTER_EACH, sources: [settings] });
    await backUp("nightly", "2026-11-01T01:00:00Z", "manual");
    const manual = await backUp("nightly", "2026-11-02T01:00:00Z", "manual");
    fail = true;
    set("2026-11-03T01:00:00Z");
    await expect(engine.backup({ plan: "nightly" })).rejects.toThrow(coded("SOURCE_FAILED"));
    expect(await engine.plans.prune("nightly")).toMatchObject({ removed: [], kept: 2 });
    expect((await engine.backups.list({ site: "local" }))[0]?.id).toBe(manual.id);
  });
});
