import { spawnSync } from "node:child_process";
import type { Storage } from "@lifeboat/contracts";
import { dedup } from "@lifeboat/dedup";
import { newBackupId } from "@lifeboat/manifests";
import { memoryStorage } from "@lifeboat/storage-memory";
import { processIdentity } from "@lifeboat/threads";
import { describe, expect, it } from "vitest";
import { findDescriptor } from "../src/lib/descriptor-store.ts";
import { writeLease } from "../src/lib/lease-store.ts";
import { collect, gate, host, KEY, keys, textEntry, texts } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });
const words = (seed: string, count: number) => Array.from({ length: count }, (_, n) => `${seed}${n}`).join(" ");

describe("pruning", () => {
  it("frees the room of what deleted backups alone needed", async () => {
    const storage = memoryStorage();
    const first = host({
      storage,
      format: dedup(),
      sources: [texts("settings", { a: words("a", 9000), s: "shared" })],
    });
    const { id } = await first.engine.backup({ site: "local" });
    const second = host({ storage, format: dedup(), sources: [texts("media", { b: words("b", 9000), s: "shared" })] });
    const kept = await second.engine.backup({ site: "local" });
    await second.engine.backups.delete({ site: "local", id });
    const plan = await second.engine.planPrune({ site: "local", maxUnused: 0 });
    expect(plan.totals.goingPacks).toBeGreaterThan(0);
    const job = second.engine.prune({ site: "local", plan });
    const events = await collect(job);
    expect(events.filter(({ type }) => type === "phase")).toContainEqual({ type: "phase", phase: "deleting" });
    const report = await job;
    expect(report).toMatchObject({ deletedPacks: plan.totals.goingPacks, pendingPacks: 0, problems: [] });
    expect(await keys(storage, "locks/")).toEqual([]);
    expect(await keys(storage, "condemned/")).toEqual([]);
    const check = await second.engine.verify({ site: "local", id: kept.id, level: "content" });
    expect(check).toMatchObject({ ok: true });
    expect(await second.engine.prune({ site: "local", maxUnused: 0 })).toMatchObject({ deletedPacks: 0 });
  });

  it("leaves what a backup that is being made relies on, and goes on after it", async () => {
    const storage = memoryStorage();
    const begun = gate();
    const go = gate();
    const held = texts(
      "settings",
      {},
      {
        async *entries() {
          yield textEntry("a", words("a", 5000));
          begun.open();
          await go.opened;
          yield textEntry("z", "z");
        },
      },
    );
    const writer = host({ storage, format: dedup(), sources: [texts("media", { a: words("a", 5000) }), held] }).engine;
    const first = await writer.backup({ site: "local", sources: ["media"] });
    const pruner = host({ storage, format: dedup() }).engine;
    const job = writer.backup({ site: "local", sources: ["settings"] });
    await begun.opened;
    await pruner.backups.delete({ site: "local", id: first.id });
    // As if nothing were known of the running backup when the plan is made.
    const report = await pruner.prune({ site: "local", waitMs: 0 });
    expect(report.deletedPacks).toBe(0);
    go.open();
    const { id } = await job;
    await pruner.prune({ site: "local" });
    expect(await pruner.verify({ site: "local", id, level: "content" })).toMatchObject({ ok: true });
  });

  it("of a backup that is being restored is told as its deletion, not as damage", async () => {
    const storage = memoryStorage();
    const source = texts("settings", { a: words("a", 5000) });
    const { engine } = host({ storage, format: dedup(), sources: [source] });
    const { id } = await engine.backup({ site: "local" });
    const other = host({ storage, format: dedup() }).engine;
    let reads = Number.POSITIVE_INFINITY;
    const slow: Storage = {
      ...storage,
      async *get(key, options) {
        if (key.startsWith("index/") && --reads === 0) {
          await other.backups.delete({ site: "local", id });
          await other.prune({ site: "local" });
        }
        yield* storage.get(key, options);
      },
    };
    const reader = host({ storage: slow, format: dedup(), sources: [source] }).engine;
    const plan = await reader.planRestore({ site: "local", id });
    reads = 2; // the first is for the look before anything is touched
    await expect(reader.restore(plan, { confirm: plan.token })).rejects.toThrow(
      expect.objectContaining({ code: "NOT_FOUND", message: expect.stringContaining("deleted while") }),
    );
  });

  it("fences a dead run before it goes on without it", async () => {
    const storage = memoryStorage();
    const { engine } = host({ storage, format: dedup(), sources: [texts("settings", { a: "1" })] });
    const backup = await engine.backup({ site: "local" });
    await engine.backups.delete({ site: "local", id: backup.id });
    const { descriptor, siteKey } = (await findDescriptor(storage, KEY))!;
    const secret = { key: siteKey!, suite: 1, keyBlock: new Uint8Array(0) } as const;
    const context = { name: "local", siteId: descriptor.siteId, storage, secret, threads: 0 };
    const holder = { ...processIdentity(), pid: spawnSync("true").pid, thread: 0, startTime: "1" };
    const id = newBackupId(new Date(), "manual");
    await writeLease(context, { id, kind: "backup", state: "running", sources: ["x"], holder });
    expect(await engine.prune({ site: "local" })).toMatchObject({ pendingPacks: 0 });
    expect(await keys(storage, "fenced/")).toContain(`fenced/${id}.json`);
  });

  it("is refused while another prune is under way, and where there is nothing to prune", async () => {
    const storage = memoryStorage();
    const { engine } = host({ storage, format: dedup(), sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    const both = await Promise.allSettled([engine.prune({ site: "local" }), engine.prune({ site: "local" })]);
    for (const each of both) if (each.status === "rejected") expect(each.reason).toEqual(coded("LOCKED"));
    expect(both.some(({ status }) => status === "fulfilled")).toBe(true);
    const archive = host({ sources: [texts("settings", { a: "1" })] }).engine;
    await archive.backup({ site: "local" });
    await expect(archive.prune({ site: "local" })).rejects.toThrow(coded("UNSUPPORTED"));
    await expect(archive.planPrune({ site: "local" })).rejects.toThrow(coded("UNSUPPORTED"));
  });
});
