import { archive } from "@lifeboat/archive";
import type { Format, Source, Storage } from "@lifeboat/contracts";
import { dedup } from "@lifeboat/dedup";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { createBackupEngine } from "../src/index.ts";
import { APP, gate, KEY, textEntry, texts } from "./support.ts";

async function engineWith(format: Format, backups: number) {
  const storage = memoryStorage();
  let round = 0;
  const source: Source = {
    ...texts("data", {}),
    entries: (context) => texts("data", { same: "never changes", other: `of round ${round}` }).entries(context),
  };
  const engine = createBackupEngine({
    app: APP,
    threads: 0,
    sources: [source],
    sites: { local: { storage, key: KEY, format } },
  });
  const ids: string[] = [];
  for (; round < backups; round++) ids.push((await engine.backup({ site: "local" })).id);
  return { engine, storage, ids: ids.sort().reverse() };
}

async function keysOf(storage: Storage, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list(prefix)) keys.push(key);
  return keys;
}

async function flip(storage: Storage, key: string): Promise<void> {
  const pieces: Buffer[] = [];
  for await (const piece of storage.get(key)) pieces.push(Buffer.from(piece));
  const bytes = Buffer.concat(pieces);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await storage.put(key, bytes);
}

describe.each([
  ["dedup", () => dedup()],
  ["archive", () => archive()],
])("A site of the format %s", (name, format) => {
  it.each(["presence", "checksum", "content"] as const)("is verified as a whole at %s", async (level) => {
    const { engine, ids } = await engineWith(format(), 3);
    const report = await engine.verify({ site: "local", level });
    expect(report).toMatchObject({ ok: true, level, problemCount: 0, entries: 6 });
    expect(report.backups).toEqual(ids.map((id) => ({ id, ok: true, problemCount: 0 })));
    expect(report.verified.objects > 0).toBe(level !== "presence" || name === "archive");
  });

  it("names the backups that damage touches, and no others", async () => {
    const { engine, storage, ids } = await engineWith(format(), 3);
    const folder = `backups/${ids[1]}/`;
    const part = (await keysOf(storage, folder)).find((key) => key.endsWith(".sealed")) ?? "";
    await flip(storage, part);
    const report = await engine.verify({ site: "local" });
    expect(report.ok).toBe(false);
    expect(report.backups.map(({ id, ok }) => [id, ok])).toEqual(ids.map((id, n) => [id, n !== 1]));
    for (const problem of report.problems) expect(problem).toMatchObject({ id: ids[1], source: "data" });
  });

  it("is not whole where a backup has lost its manifest, or has a damaged one", async () => {
    const { engine, storage, ids } = await engineWith(format(), 2);
    await flip(storage, `backups/${ids[0]}/manifest.json`);
    await storage.delete([`backups/${ids[1]}/manifest.json`]);
    const report = await engine.verify({ site: "local", level: "presence" });
    expect(report.problems.map(({ id, object }) => `${id} ${object}`).sort()).toEqual(
      ids.map((id) => `${id} manifest.json`).sort(),
    );
  });

  it("is verified while another backup is being made, and one is deleted", async () => {
    const { engine, storage, ids } = await engineWith(format(), 2);
    const under = { begun: gate(), go: gate() };
    const slow: Source = {
      ...texts("slow", {}),
      async *entries() {
        under.begun.open();
        await under.go.opened;
        yield textEntry("a.txt", "a");
      },
    };
    const list = storage.list.bind(storage);
    const watched: Storage = {
      ...storage,
      async *list(prefix, options) {
        for await (const object of list(prefix, options)) yield object;
        if (prefix !== "backups/") return;
        for (const key of await keysOf(storage, `backups/${ids[0]}/`)) await storage.delete([key]);
      },
    };
    const sites = { local: { storage, key: KEY, format: format() } };
    const writer = createBackupEngine({ app: APP, threads: 0, sources: [texts("first", { a: "a" }), slow], sites });
    const backup = writer.backup({ site: "local" });
    await under.begun.opened;
    const reader = createBackupEngine({
      app: APP,
      threads: 0,
      sources: [],
      sites: { local: { storage: watched, key: KEY, format: format() } },
    });
    const report = await reader.verify({ site: "local", level: "presence" });
    expect(report).toMatchObject({ ok: true, backups: [{ id: ids[1], ok: true }] });
    under.go.open();
    await backup;
    await engine.close();
  });

  it("is verified share by share until all of it was, whichever engine does it", async () => {
    const { engine, storage } = await engineWith(format(), 3);
    const { total } = await engine.verify({ site: "local", level: "presence" });
    let objects = 0;
    let report = await engine.verify({ site: "local", share: { bytes: 1 } });
    for (objects = report.verified.objects; objects < total.objects; objects += report.verified.objects) {
      expect(report).not.toHaveProperty("oldest");
      const sites = { local: { storage, key: KEY, format: format() } };
      const other = createBackupEngine({ app: APP, threads: 0, sources: [], sites });
      report = await other.verify({ site: "local", share: { bytes: 1 } });
      expect(report).toMatchObject({ ok: true, verified: { objects: 1 }, share: { bytes: 1 } });
    }
    expect(objects).toBe(total.objects);
    expect(report.oldest).toBeInstanceOf(Date);
    expect((await keysOf(storage, "verified/")).length).toBeLessThan(9);
  });

  it("tells how far it is, and stops when it is cancelled", async () => {
    const { engine } = await engineWith(format(), 3);
    const job = engine.verify({ site: "local" });
    const phases: string[] = [];
    for await (const event of job) if (event.type === "phase") phases.push(event.phase);
    expect(phases).toEqual(["verifying"]);
    expect(job.progress.bytes).toBe(job.progress.totalBytes);
    const other = engine.verify({ site: "local" });
    other.cancel("enough");
    await expect(other).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("is not verified by a share or a level that is none", async () => {
    const { engine } = await engineWith(format(), 1);
    const wrong = [
      { share: { percent: 0 } },
      { share: { minutes: -1 } },
      { level: "restore" as never },
      { level: "presence", share: { percent: 1 } },
    ] as const;
    for (const each of wrong) {
      await expect(engine.verify({ site: "local", ...each })).rejects.toMatchObject({ code: "INVALID" });
    }
  });

  it("is verified although nothing can be noted in it, with a warning", async () => {
    const { engine, storage } = await engineWith(format(), 1);
    const put = storage.put.bind(storage);
    Object.assign(storage, {
      put: (key: string, ...rest: [never, never]) =>
        key.startsWith("verified/")
          ? Promise.reject(Object.assign(new Error("read-only"), { code: "ACCESS_DENIED" }))
          : put(key, ...rest),
    });
    const job = engine.verify({ site: "local" });
    const warnings: string[] = [];
    for await (const event of job) if (event.type === "warning") warnings.push(event.code);
    expect(await job).toMatchObject({ ok: true });
    expect(warnings).toEqual(["not-remembered"]);
  });
});
