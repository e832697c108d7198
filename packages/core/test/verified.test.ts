import { archive } from "@lifeboat/archive";
import { type Clock, type Format, type Source, type Storage, systemClock } from "@lifeboat/contracts";
import { dedup } from "@lifeboat/dedup";
import { directory } from "@lifeboat/sources";
import { appendOnly, readOnly } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { type AnyJob, createBackupEngine } from "../src/index.ts";
import { APP, collect, folder, KEY, keys, later, texts } from "./support.ts";

const START = Date.UTC(2026, 10, 20, 2);

interface Setup {
  readonly storage?: Storage;
  readonly format?: Format;
  readonly source?: Source;
}

/** An engine whose time goes on by a day when it is told to. */
function engineWith({
  storage = memoryStorage(),
  format = archive(),
  source = texts("notes", { "b.txt": "b" }),
}: Setup = {}) {
  let now = START;
  const clock: Clock = { ...systemClock, now: () => now };
  const kept: Storage = { ...storage, [Symbol.asyncDispose]: async () => {} };
  const engine = createBackupEngine({
    app: APP,
    threads: 0,
    clock,
    sources: [texts("settings", { "a.json": "{}" }), source],
    sites: { local: { storage: kept, key: KEY, format }, other: { storage: memoryStorage(), key: KEY, format } },
  });
  later(() => engine.close());
  const list = async () => engine.backups.list({ site: "local" });
  return { engine, storage, list, nextDay: () => (now += 86_400_000) };
}

async function damage(storage: Storage, key: string): Promise<void> {
  const bytes = Buffer.concat(await collect(storage.get(key)));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await storage.put(key, bytes);
}

async function warningsOf(job: AnyJob): Promise<string[]> {
  const codes: string[] = [];
  for await (const event of job) if (event.type === "warning") codes.push(event.code);
  await job;
  return codes;
}

const DAY = (n: number) => new Date(START + n * 86_400_000);

describe("What a verification found is remembered with the backup", () => {
  it("and shown in lists, by any engine", async () => {
    const { engine, storage, list } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    expect((await list())[0]).not.toHaveProperty("verified");
    await engine.verify({ site: "local", id });
    const result = { level: "content", time: DAY(0), ok: true, problems: 0 };
    const verified = { ...result, results: [result] };
    expect(await list()).toMatchObject([{ id, verified }]);
    expect(await engineWith({ storage }).list()).toMatchObject([{ id, verified }]);
    expect(await engine.backups.get({ site: "local", id })).toMatchObject({ verified });
  });

  it("with the first problem, which a less thorough look does not clear, and a thorough one does", async () => {
    const { engine, storage, list, nextDay } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    const part = (await keys(storage, `backups/${id}/settings`))[0] ?? "";
    await damage(storage, part);
    const report = await engine.verify({ site: "local", id, level: "checksum" });
    expect(report.ok).toBe(false);
    const problem = report.problems[0]?.message ?? "";
    expect(await list()).toMatchObject([{ verified: { level: "checksum", ok: false, problems: 1, problem } }]);
    nextDay();
    await engine.verify({ site: "local", id, level: "presence" });
    expect(await list()).toMatchObject([
      { verified: { level: "checksum", ok: false, time: DAY(0), results: [{ level: "presence", ok: true }, {}] } },
    ]);
    nextDay();
    await damage(storage, part);
    await engine.verify({ site: "local", id });
    expect(await list()).toMatchObject([{ verified: { level: "content", ok: true, time: DAY(2), problems: 0 } }]);
  });

  it("but not where only some sources were good", async () => {
    const { engine, storage, list } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    await engine.verify({ site: "local", id, sources: ["notes"] });
    expect((await list())[0]).not.toHaveProperty("verified");
    await damage(storage, (await keys(storage, `backups/${id}/notes`))[0] ?? "");
    await engine.verify({ site: "local", id, sources: ["notes"] });
    expect(await list()).toMatchObject([{ verified: { ok: false } }]);
  });

  it("also of a drill, and what the source said after it", async () => {
    let sound = true;
    const source = directory("notes", { path: await folder({ "b.txt": "b" }), threads: false });
    const problem = "There is no user in it.";
    const { engine, list } = engineWith({
      source: { ...source, validate: async () => (sound ? [] : [{ level: "error", code: "none", message: problem }]) },
    });
    const { id } = await engine.backup({ site: "local", sources: ["notes"] });
    await engine.verify({ site: "local", id, level: "restore" });
    expect(await list()).toMatchObject([{ verified: { level: "restore", ok: true } }]);
    sound = false;
    await engine.verify({ site: "local", id, level: "restore" });
    expect(await list()).toMatchObject([{ verified: { level: "restore", ok: false, problems: 1, problem } }]);
  });

  it("but not of a drill that could not restore a part", async () => {
    const source = directory("notes", { path: await folder({ "b.txt": "b" }), threads: false });
    const { engine, storage } = engineWith({ source });
    const { id } = await engine.backup({ site: "local" });
    const sites = { local: { storage, key: KEY, format: archive() } };
    const other = createBackupEngine({ app: APP, threads: 0, sources: [source], sites });
    expect(await other.verify({ site: "local", id, level: "restore" })).toMatchObject({ ok: true });
    expect((await other.backups.list({ site: "local" }))[0]).not.toHaveProperty("verified");
  });

  it("also of one whose manifest is damaged", async () => {
    const { engine, storage, list } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    await damage(storage, `backups/${id}/manifest.json`);
    await engine.verify({ site: "local", id });
    expect(await list()).toMatchObject([{ status: "damaged", verified: { level: "content", ok: false, problems: 1 } }]);
  });

  it("and goes with it, and stays behind when it is copied", async () => {
    const { engine, storage } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    await engine.verify({ site: "local", id });
    await engine.copy({ from: "local", to: "other" });
    expect((await engine.backups.list({ site: "other" }))[0]).not.toHaveProperty("verified");
    await engine.backups.delete({ site: "local", id });
    expect(await keys(storage, "backups/")).toEqual([]);
  });

  it("or is not, with a warning, where nothing may be written", async () => {
    const { engine, storage } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    const reader = engineWith({ storage: readOnly(storage) });
    expect(await warningsOf(reader.engine.verify({ site: "local", id }))).toEqual(["result-not-kept"]);
    expect((await reader.list())[0]).not.toHaveProperty("verified");
    const adder = engineWith({ storage: appendOnly(storage) });
    expect(await warningsOf(adder.engine.verify({ site: "local", id }))).toEqual([]);
    expect(await warningsOf(adder.engine.verify({ site: "local", id }))).toEqual([]);
    expect(await adder.list()).toMatchObject([{ verified: { ok: true } }]);
  });

  it("and when it can't be read, it is as if it never was verified", async () => {
    const { engine, storage, list } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    await storage.put(`backups/${id}/verified.json`, Buffer.from("{}"));
    expect((await list())[0]).toMatchObject({ status: "complete" });
    expect((await list())[0]).not.toHaveProperty("verified");
    await engine.verify({ site: "local", id });
    expect(await list()).toMatchObject([{ verified: { ok: true } }]);
  });

  it("without making a deleted backup of it, whenever that was deleted", async () => {
    const { engine, storage } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    const put = storage.put.bind(storage);
    const remover = engineWith({ storage });
    const watched: Storage = {
      ...storage,
      async put(key, body, options) {
        if (key.endsWith("verified.json")) await remover.engine.backups.delete({ site: "local", id });
        return put(key, body, options);
      },
    };
    expect(await warningsOf(engineWith({ storage: watched }).engine.verify({ site: "local", id }))).toEqual([]);
    expect(await keys(storage, "backups/")).toEqual([]);
  });

  it("and what a host left of a deleted one is no backup, and swept away", async () => {
    const { engine, storage } = engineWith();
    const { id } = await engine.backup({ site: "local" });
    await engine.verify({ site: "local", id });
    const key = `backups/${id}/verified.json`;
    const left = await collect(storage.get(key));
    await engine.backups.delete({ site: "local", id });
    await storage.put(key, Buffer.concat(left));
    await expect(engine.backups.get({ site: "local", id })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await engine.verify({ site: "local" })).toMatchObject({ ok: true, backups: [] });
    expect(await warningsOf(engine.backup({ site: "local" }))).toEqual([]);
    expect(await keys(storage, `backups/${id}/`)).toEqual([]);
  });
});

describe.each([
  ["dedup", () => dedup()],
  ["archive", () => archive()],
])("A verification of a whole site of the format %s", (name, format) => {
  it("is remembered with each backup that it checked", async () => {
    const { engine, storage, list } = engineWith({ format: format() });
    for (let n = 0; n < 3; n++) await engine.backup({ site: "local" });
    const [newest] = await list();
    const part = (await keys(storage, `backups/${newest?.id}/settings`))[0] ?? "";
    await damage(storage, part);
    await engine.verify({ site: "local", level: "checksum" });
    expect((await list()).map(({ verified }) => [verified?.level, verified?.ok])).toEqual([
      ["checksum", false],
      ["checksum", true],
      ["checksum", true],
    ]);
  });

  it("of a share says something of those that were looked at whole, and of damaged ones", async () => {
    const { engine, storage, list } = engineWith({ format: format() });
    for (let n = 0; n < 3; n++) await engine.backup({ site: "local" });
    await engine.verify({ site: "local", share: { bytes: 1 } });
    const known = (await list()).filter(({ verified }) => verified !== undefined);
    expect(known).toHaveLength(name === "archive" ? 1 : 0);
    for (const key of await keys(storage, "packs/")) await storage.delete([key]);
    if (name === "archive") await damage(storage, (await keys(storage, `backups/${(await list())[0]?.id}/n`))[0] ?? "");
    await engine.verify({ site: "local", share: { percent: 100 } });
    const bad = (await list()).filter(({ verified }) => verified?.ok === false);
    expect(bad).toHaveLength(name === "archive" ? 1 : 3);
  });

  it("warns once where nothing may be written", async () => {
    const { engine, storage } = engineWith({ format: format() });
    for (let n = 0; n < 3; n++) await engine.backup({ site: "local" });
    const reader = engineWith({ storage: readOnly(storage), format: format() });
    expect((await warningsOf(reader.engine.verify({ site: "local" }))).sort()).toEqual([
      "not-remembered",
      "result-not-kept",
    ]);
  });
});

it("Lists read what verifications found once, and only where the listing shows it", async () => {
  const storage = memoryStorage();
  const read: string[] = [];
  const watched: Storage = {
    ...storage,
    get(key, options) {
      if (key.endsWith("verified.json")) read.push(key);
      return storage.get(key, options);
    },
  };
  const { engine, list } = engineWith({ storage: watched });
  const { id } = await engine.backup({ site: "local" });
  await engine.backup({ site: "local" });
  await list();
  expect(read).toEqual([]);
  await engineWith({ storage }).engine.verify({ site: "local", id });
  await list();
  await list();
  expect(read).toEqual([`backups/${id}/verified.json`]);
});
