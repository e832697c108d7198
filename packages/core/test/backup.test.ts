import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { LifeboatError, type Storage } from "@lifeboat/contracts";
import { passphrase } from "@lifeboat/crypto";
import { openManifests } from "@lifeboat/manifests";
import { directory, json } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { findDescriptor } from "../src/lib/descriptor-store.ts";
import { collect, fill, folder, gate, host, KEY, keys, texts, tree } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });

describe("a backup", () => {
  it("is listed with what it holds, and comes back as it was", async () => {
    const root = await folder({ "a/one.txt": "one", "a/b/two.txt": "two", "three.txt": "3" });
    await mkdir(join(root, "empty"));
    await symlink("three.txt", join(root, "link"));
    const { engine } = host({
      sources: [
        directory("media", { path: root, threads: false }),
        json("settings", { dump: async () => ({ dark: true }), load: async () => {} }),
      ],
    });
    const backup = await engine.backup({ site: "local", label: "before upgrade", preserve: true });
    const expected = { status: "complete", summary: "complete", label: "before upgrade", preserve: true };
    expect(backup).toMatchObject({ ...expected, trigger: "manual" });
    expect(await engine.backups.list({ site: "local" })).toEqual([backup]);
    expect(await engine.backups.get({ site: "local", id: backup.id })).toEqual(backup);
    const inside = await collect(engine.backups.entries({ site: "local", id: backup.id, source: "media" }));
    const paths = ["a", "a/b", "a/b/two.txt", "a/one.txt", "empty", "link", "three.txt"];
    expect(inside.map(({ path }) => path).sort()).toEqual(paths);

    for (const level of ["presence", "checksum", "content", "restore"] as const) {
      const report = await engine.verify({ site: "local", id: backup.id, level });
      expect(report).toMatchObject({ ok: true, problems: [], level });
    }

    const to = await folder();
    const plan = await engine.planRestore({
      site: "local",
      id: backup.id,
      to: { media: join(to, "x") },
      select: { media: true },
    });
    expect(plan).toMatchObject({ ok: true, changes: { create: 7, replace: 0, unchanged: 0, remove: 0, bytes: 7 } });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
    const report = await engine.restore(plan, { confirm: plan.token });
    expect(report).toMatchObject({ entries: 7, bytes: 7, problemCount: 0 });
    expect(await tree(join(to, "x"))).toEqual(await tree(root));
  });

  it("never holds the site itself, though that lies in what is backed up", async () => {
    const root = await folder({ a: "1", "backups/lifeboat.json": "{}" });
    const media = directory("media", { path: root, threads: false });
    const storage = { ...memoryStorage(), localDirectory: join(root, "backups") };
    const { engine } = host({ sources: [media], storage });
    const job = engine.backup({ site: "local" });
    const events = await collect(job);
    const { id, status } = await job;
    const inside = await collect(engine.backups.entries({ site: "local", id, source: "media" }));
    expect(inside.map(({ path }) => path)).toEqual(["a"]);
    expect(status).toBe("complete");
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "site-left-out" }));
  });

  it("fails where a source has lost all that it had, as a disk that is not mounted looks like, until that is allowed", async () => {
    const root = await folder({ a: "1" });
    const media = (more = {}) => directory("media", { path: root, threads: false, ...more });
    const settings = texts("settings", { s: "1" });
    const { engine, storage } = host({ sources: [media(), settings] });
    const first = await engine.backup({ site: "local" });
    const only = await engine.backup({ site: "local", sources: ["settings"] });
    await rm(join(root, "a"));
    const lost = expect.objectContaining({
      code: "SOURCE_FAILED",
      key: "media",
      message: expect.stringMatching(first.id),
    });
    await expect(engine.backup({ site: "local" })).rejects.toThrow(lost);
    const listed = async () => (await engine.backups.list({ site: "local" })).map(({ id }) => id);
    expect(await listed()).toEqual([only.id, first.id]);
    expect(await keys(storage, "locks/")).toEqual([]);
    await host({ storage, sources: [media({ mayBeEmpty: true })] }).engine.backup({ site: "local" });
    await engine.backup({ site: "local" }); // it was empty in the last one already
    await fill(root, { b: "2" });
    await engine.backup({ site: "local" });
    await rm(join(root, "b"));
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("SOURCE_FAILED"));
    expect(await engine.backup({ site: "local", allowEmpty: true })).toMatchObject({ status: "complete" });
    await rm(root, { recursive: true });
    await expect(engine.backup({ site: "local", allowEmpty: true })).rejects.toThrow(coded("SOURCE_FAILED"));
  });

  it("leaves nothing but the site and the backup", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    expect(await keys(storage)).toEqual([
      `backups/${id}/manifest.json`,
      `backups/${id}/settings.tar.zst.sealed`,
      "lifeboat.copy.json",
      "lifeboat.json",
    ]);
  });

  it("takes chosen sources, and chosen folders of them", async () => {
    const root = await folder({ "a/1": "1", "b/2": "2" });
    const media = directory("media", { path: root, threads: false });
    const { engine } = host({ sources: [media, texts("settings", { x: "y" })] });
    const some = await engine.backup({ site: "local", sources: ["settings"] });
    expect(some.parts.map(({ source }) => source)).toEqual(["settings"]);
    const folders = await engine.backup({ site: "local", sources: { media: { folders: ["b"] } } });
    expect(folders.parts).toMatchObject([{ source: "media", folders: ["b"], counts: { files: 1 } }]);
  });

  it("is refused for a source or a site that is not there", async () => {
    const { engine } = host({ sources: [texts("settings", {})] });
    await expect(engine.backup({ site: "local", sources: ["nothing"] })).rejects.toThrow(coded("NOT_FOUND"));
    await expect(engine.backup({ site: "mars" as "local" })).rejects.toThrow(coded("NOT_FOUND"));
    await expect(engine.backup({ site: "local", sources: [] })).rejects.toThrow(coded("INVALID"));
  });

  it("is not possible with the wrong passphrase", async () => {
    const right = passphrase("correct horse", { memoryKiB: 8, passes: 1 });
    const { storage, engine } = host({ sources: [texts("settings", { a: "1" })], key: right });
    await engine.backup({ site: "local" });
    const other = host({ storage, sources: [texts("settings", { a: "1" })], key: passphrase("battery staple") });
    await expect(other.engine.backup({ site: "local" })).rejects.toThrow(coded("WRONG_KEY"));
    await expect(other.engine.backups.list({ site: "local" })).rejects.toThrow(coded("WRONG_KEY"));
  });

  it("is not needed to list an empty site, and listing makes none", async () => {
    const { engine, storage } = host();
    const id = "2026-11-20T02-00-00.123Z-manual-7f3a";
    expect(await engine.backups.list({ site: "local" })).toEqual([]);
    expect(await keys(storage)).toEqual([]);
    await expect(engine.backups.get({ site: "local", id })).rejects.toThrow(coded("NOT_FOUND"));
  });
});

describe("a storage on a server", () => {
  it("is connected before anything is asked of it, and swept of interrupted uploads at each backup", async () => {
    const calls: string[] = [];
    const inner = memoryStorage();
    const storage = {
      ...inner,
      connect: async () => void calls.push("connect"),
      get: (...args: Parameters<typeof inner.get>) => {
        calls.push("get");
        return inner.get(...args);
      },
      sweep: async () => {
        calls.push("sweep");
        return 0;
      },
    };
    const { engine } = host({
      storage,
      sources: [directory("media", { path: await folder({ a: "a" }), threads: false })],
    });
    await engine.backup({ site: "local" });
    expect(calls[0]).toBe("connect");
    expect(calls.filter((call) => call === "sweep")).toHaveLength(1);
  });

  it("is backed up to all the same where it does not let us sweep", async () => {
    const denied = new LifeboatError({ code: "PERMISSION_DENIED", operation: "storage.sweep", message: "not allowed" });
    const storage = { ...memoryStorage(), sweep: () => Promise.reject(denied) };
    const { engine } = host({
      storage,
      sources: [directory("media", { path: await folder({ a: "a" }), threads: false })],
    });
    const job = engine.backup({ site: "local" });
    const warnings: string[] = [];
    for await (const event of job) if (event.type === "warning") warnings.push(event.code);
    expect((await job).status).toBe("complete");
    expect(warnings).toEqual(["sweep-failed"]);
  });
});

describe("the list of backups", () => {
  it("is newest first, and shows what was copied in by hand", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const first = await engine.backup({ site: "local" });
    const second = await engine.backup({ site: "local", trigger: "scheduled" });
    const copy = memoryStorage();
    for (const key of await keys(storage)) if (!key.includes(first.id)) await copy.put(key, storage.get(key));
    const other = host({ storage: copy }).engine;
    expect((await other.backups.list({ site: "local" })).map(({ id }) => id)).toEqual([second.id]);
    for (const key of await keys(storage)) await copy.put(key, storage.get(key));
    expect((await other.backups.list({ site: "local" })).map(({ id }) => id)).toEqual([second.id, first.id]);
  });

  it("names a damaged manifest, does not fail, and the manifest can be made anew", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const first = await engine.backup({ site: "local" });
    const second = await engine.backup({ site: "local" });
    await engine.backups.list({ site: "local" });
    await storage.put(`backups/${first.id}/manifest.json`, Buffer.from("{}"));
    const [whole, damaged] = await engine.backups.list({ site: "local" });
    expect(whole).toEqual(second);
    const { id, time } = first;
    expect(damaged).toMatchObject({ id, status: "damaged", time, trigger: "manual", error: { code: "CORRUPT" } });
    const report = await engine.verify({ site: "local", id });
    expect(report).toMatchObject({ ok: false, problems: [{ code: "CORRUPT", object: "manifest.json" }] });
    expect(await engine.backups.rebuild({ site: "local", id })).toMatchObject({ id, status: "complete" });
    expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
  });

  it("is made from 1,000 manifests within seconds of the processor's time", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const backup = await engine.backup({ site: "local" });
    const { descriptor, siteKey } = (await findDescriptor(storage, KEY))!;
    const secret = { key: siteKey!, suite: 1, keyBlock: new Uint8Array(0) } as const;
    const manifests = openManifests({ name: "local", siteId: descriptor.siteId, storage, secret, threads: 0 });
    const manifest = await manifests.manifest(backup.id);
    for (let i = 0; i < 1000; i++) {
      const id = `2025-01-01T00-00-00.000Z-scheduled-${i.toString(16).padStart(4, "0")}`;
      await manifests.commit({ ...manifest, id });
    }
    const before = process.cpuUsage();
    expect(await engine.backups.list({ site: "local" })).toHaveLength(1001);
    const { user, system } = process.cpuUsage(before);
    expect(user + system).toBeLessThan(3_000_000);
  });
});

describe("a backup that is deleted while it is asked for", () => {
  it("is absent, whatever of it is still there; it has not lost its manifest", async () => {
    const storage = memoryStorage();
    const { engine } = host({ storage, sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    const half = gate();
    const go = gate();
    const slow: Storage = {
      ...storage,
      async delete(keys, options) {
        await storage.delete(keys, options);
        if (!keys.some((key) => key.endsWith("manifest.json"))) return;
        half.open();
        await go.opened;
      },
    };
    const deletion = host({ storage: slow }).engine.backups.delete({ site: "local", id });
    await half.opened;
    await expect(engine.backups.get({ site: "local", id })).rejects.toThrow(coded("NOT_FOUND"));
    go.open();
    await deletion;
  });
});

describe("labels", () => {
  it("can be changed, and taken away", async () => {
    const { engine } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local", label: "x" });
    const address = { site: "local", id } as const;
    expect(await engine.backups.update({ ...address, preserve: true })).toMatchObject({ label: "x", preserve: true });
    expect(await engine.backups.update({ ...address, label: "y" })).toMatchObject({ label: "y", preserve: true });
    expect(await engine.backups.update({ ...address, label: null, preserve: false })).not.toHaveProperty("label");
    const absent = { site: "local", id: "2026-11-20T02-00-00.123Z-manual-7f3a" } as const;
    await expect(engine.backups.update({ ...absent, label: "z" })).rejects.toThrow(coded("NOT_FOUND"));
  });

  it("keep a preserved backup from being deleted", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local", preserve: true });
    await expect(engine.backups.delete({ site: "local", id })).rejects.toThrow(coded("INVALID"));
    await engine.backups.delete({ site: "local", id, force: true });
    expect(await keys(storage)).toEqual([`fenced/${id}.json`, "lifeboat.copy.json", "lifeboat.json"]);
    await expect(engine.backups.delete({ site: "local", id })).rejects.toThrow(coded("NOT_FOUND"));
  });
});
