import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { archive } from "@lifeboat/archive";
import type { Format, Source } from "@lifeboat/contracts";
import { directory } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { collect, fill, folder, host, texts, tree } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });

async function prepared(files: Readonly<Record<string, string>>) {
  const root = await folder(files);
  const media = directory("media", { path: root, threads: false });
  const { engine, storage } = host({ sources: [media] });
  return { root, media, engine, storage };
}

describe("a plan to restore", () => {
  it("says what would be created, replaced, left and removed, and touches nothing", async () => {
    const { root, engine } = await prepared({ "same.txt": "same", "old.txt": "old", "gone.txt": "gone" });
    const { id } = await engine.backup({ site: "local" });
    await fill(root, { "old.txt": "new!", "extra.txt": "x" });
    await rm(join(root, "gone.txt"));
    const before = await tree(root);
    const plan = await engine.planRestore({ site: "local", id });
    expect(plan).toMatchObject({
      ok: true,
      mode: "replace",
      changes: { create: 1, replace: 1, unchanged: 1, remove: 1, bytes: 7, truncated: false },
    });
    expect(plan.changes.entries).toEqual(
      expect.arrayContaining([
        { source: "media", path: "gone.txt", action: "create", size: 4 },
        { source: "media", path: "old.txt", action: "replace", size: 3 },
        { source: "media", path: "extra.txt", action: "remove", size: 0 },
      ]),
    );
    expect(await tree(root)).toEqual(before);
    const { ino } = await stat(join(root, "same.txt"));
    const report = await engine.restore(plan, { confirm: plan.token });
    expect(report.sources).toEqual([{ source: "media", entries: 3, bytes: 7, unchanged: 1 }]);
    expect(await tree(root)).toEqual({ "same.txt": "same", "old.txt": "old", "gone.txt": "gone" });
    expect((await stat(join(root, "same.txt"))).ino, "an unchanged file is not written again").toBe(ino);
  });

  it("is carried out without a second look at what the backup alone decides, but for a plan from elsewhere", async () => {
    const looks: string[] = [];
    const format = archive();
    const watched: Format = {
      ...format,
      open(site) {
        const repository = format.open(site);
        return {
          ...repository,
          verify(id, level, options) {
            looks.push(level);
            return repository.verify(id, level, options);
          },
          entries(...args) {
            looks.push("entries");
            return repository.entries(...args);
          },
        };
      },
    };
    const source = texts("data", { a: "1", b: "2" });
    const { engine } = host({ sources: [source], format: watched });
    const { id } = await engine.backup({ site: "local" });
    const plan = await engine.planRestore({ site: "local", id, select: { data: ["a"] } });
    expect(looks.splice(0)).toEqual(["entries", "presence"]);
    await engine.restore(plan, { confirm: plan.token });
    expect(looks.splice(0)).toEqual(["checksum"]);
    const again = structuredClone(await engine.planRestore({ site: "local", id, select: { data: ["a"] } }));
    looks.splice(0);
    await engine.restore(again, { confirm: again.token });
    expect(looks).toEqual(["entries", "presence", "checksum"]);
    expect(source.restored).toEqual({ a: "1" });
  });

  it("removes only what the backup would have held, whatever the source leaves out today", async () => {
    const root = await folder({ kept: "1", "cache/a": "2" });
    const media = (exclude: string[]) => directory("media", { path: root, threads: false, exclude });
    const storage = memoryStorage();
    const { id } = await host({ storage, sources: [media(["cache"])] }).engine.backup({ site: "local" });
    await fill(root, { extra: "x" });
    const { engine } = host({ storage, sources: [media([])] });
    const plan = await engine.planRestore({ site: "local", id });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(root)).toEqual({ kept: "1", "cache/": "", "cache/a": "2" });
  });

  it("removes nothing where the manifest was made anew, for what could not be backed up is not known then", async () => {
    const { root, engine, storage } = await prepared({ kept: "1" });
    const { id } = await engine.backup({ site: "local" });
    await fill(root, { "could not be read": "x", kept: "changed" });
    await storage.delete([`backups/${id}/manifest.json`]);
    await engine.backups.rebuild({ site: "local", id });
    const plan = await engine.planRestore({ site: "local", id });
    expect(plan.changes).toMatchObject({ replace: 1, remove: 0 });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(root)).toEqual({ "could not be read": "x", kept: "1" });
  });

  it("is refused where a directory in the way holds what the source leaves out, and nothing is touched", async () => {
    const root = await folder({ a: "1", b: "2" });
    const media = directory("media", { path: root, threads: false, exclude: ["**/cache"] });
    const { engine } = host({ sources: [media] });
    const { id } = await engine.backup({ site: "local" });
    await rm(join(root, "a"));
    await writeFile(join(root, "b"), "changed");
    const plan = await engine.planRestore({ site: "local", id, mode: "merge" });
    await fill(root, { "a/cache/precious": "x" });
    const before = await tree(root);
    const lost = expect.objectContaining({ code: "CONFLICT", key: "a/cache/precious" });
    for (const mode of ["replace", "merge"] as const)
      await expect(engine.planRestore({ site: "local", id, mode })).rejects.toThrow(lost);
    await expect(engine.restore(plan, { confirm: plan.token })).rejects.toThrow(lost);
    expect(await tree(root)).toEqual(before);
  });

  it("is the same while the world is the same, and void once it has changed", async () => {
    const { root, engine } = await prepared({ a: "1" });
    const { id } = await engine.backup({ site: "local" });
    await writeFile(join(root, "a"), "22");
    const plan = await engine.planRestore({ site: "local", id });
    expect((await engine.planRestore({ site: "local", id })).token).toBe(plan.token);
    await expect(engine.restore(plan, { confirm: "" })).rejects.toThrow(coded("INVALID"));
    await writeFile(join(root, "b"), "new since");
    await expect(engine.restore(plan, { confirm: plan.token })).rejects.toThrow(coded("CONFLICT"));
    expect(await tree(root)).toEqual({ a: "22", b: "new since" });
    const forged = { ...plan, sources: plan.sources.map((source) => ({ ...source, to: "/tmp/elsewhere" })) };
    await expect(engine.restore(forged, { confirm: plan.token })).rejects.toThrow(coded("CONFLICT"));
  });

  it("takes what patterns select, with the directories above, and leaves the rest", async () => {
    const { root, engine } = await prepared({
      "2026-11-18/a": "1",
      "2026-11-19/b": "2",
      "2026-11-19/sub/c": "3",
      "x.log": "4",
    });
    const { id } = await engine.backup({ site: "local" });
    const to = join(await folder(), "out");
    for (const pattern of ["2026-11-19", "2026-11-19/**", "*-19/"]) {
      const plan = await engine.planRestore({ site: "local", id, select: { media: [pattern] }, to: { media: to } });
      await engine.restore(plan, { confirm: plan.token });
      expect(await tree(to)).toEqual({
        "2026-11-19/": "",
        "2026-11-19/b": "2",
        "2026-11-19/sub/": "",
        "2026-11-19/sub/c": "3",
      });
    }
    await fill(root, { "2026-11-18/a": "changed", "2026-11-19/extra": "e", "2026-11-19/b": "changed" });
    const plan = await engine.planRestore({ site: "local", id, select: { media: ["2026-11-19"] } });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(root)).toMatchObject({ "2026-11-18/a": "changed", "2026-11-19/b": "2" });
    expect(await tree(root)).not.toHaveProperty("2026-11-19/extra");
  });

  it("says which patterns match nothing, and forbids a restore of nothing", async () => {
    const { engine } = await prepared({ a: "1" });
    const { id } = await engine.backup({ site: "local" });
    expect(await engine.planRestore({ site: "local", id, select: { media: ["a", "b"] } })).toMatchObject({
      ok: true,
      checks: [{ level: "warning", code: "pattern-unmatched", source: "media" }],
    });
    const nothing = await engine.planRestore({ site: "local", id, select: { media: ["b"] } });
    expect(nothing).toMatchObject({ ok: false, checks: [{ level: "error", code: "nothing-selected" }] });
    await expect(engine.restore(nothing, { confirm: nothing.token })).rejects.toThrow(coded("INVALID"));
    const absent = await engine.planRestore({ site: "local", id, select: { other: true } });
    expect(absent).toMatchObject({ ok: false });
    await expect(engine.planRestore({ site: "local", id, select: { media: ["../x"] } })).rejects.toThrow(
      coded("INVALID"),
    );
    await expect(engine.planRestore({ site: "local", id, to: { media: "relative" } })).rejects.toThrow(
      coded("INVALID"),
    );
  });

  it("brings the content of a hard link whose target is not selected", async () => {
    const { root, engine } = await prepared({ "a/first": "content" });
    await mkdir(join(root, "z/deep"), { recursive: true });
    await link(join(root, "a/first"), join(root, "z/deep/second"));
    await link(join(root, "a/first"), join(root, "z/third"));
    const { id } = await engine.backup({ site: "local" });
    const to = join(await folder(), "out");
    const plan = await engine.planRestore({ site: "local", id, select: { media: ["z"] }, to: { media: to } });
    expect(plan.changes).toMatchObject({ create: 4 });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(to)).toEqual({ "z/": "", "z/deep/": "", "z/deep/second": "content", "z/third": "content" });
    expect((await lstat(join(to, "z/third"))).ino).toBe((await lstat(join(to, "z/deep/second"))).ino);
    expect(
      (await engine.planRestore({ site: "local", id, select: { media: ["z"] }, to: { media: to } })).changes,
    ).toMatchObject({ unchanged: 4, create: 0 });
  });

  it("keeps what a backup of some folders knows nothing of", async () => {
    const { root, engine } = await prepared({ "a/1": "1", "b/2": "2" });
    const { id } = await engine.backup({ site: "local", sources: { media: { folders: ["b"] } } });
    await fill(root, { "b/2": "changed", "b/extra": "x", "a/1": "kept" });
    const plan = await engine.planRestore({ site: "local", id });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(root)).toEqual({ "a/": "", "a/1": "kept", "b/": "", "b/2": "2" });
  });

  it("merges, or adds only what is missing, where that is asked for", async () => {
    const { root, engine } = await prepared({ a: "1", b: "2" });
    const { id } = await engine.backup({ site: "local" });
    await fill(root, { a: "changed", c: "3" });
    await rm(join(root, "b"));
    const missing = await engine.planRestore({ site: "local", id, mode: "missing" });
    await engine.restore(missing, { confirm: missing.token });
    expect(await tree(root)).toEqual({ a: "changed", b: "2", c: "3" });
    const merge = await engine.planRestore({ site: "local", id, mode: "merge" });
    await engine.restore(merge, { confirm: merge.token });
    expect(await tree(root)).toEqual({ a: "1", b: "2", c: "3" });
  });
});

describe("the checks before a restore", () => {
  it("refuse two sources where restoring the one would remove what the other has just put there", async () => {
    const [a, b, place] = [await folder({ "a.txt": "a" }), await folder({ "b.txt": "b" }), await folder()];
    const sources = [directory("media", { path: a, threads: false }), directory("clips", { path: b, threads: false })];
    const { engine } = host({ sources });
    const { id } = await engine.backup({ site: "local" });
    const plan = (to: { media: string; clips: string }, more = {}) =>
      engine.planRestore({ site: "local", id, to, mode: "replace", ...more });
    for (const clips of [place, join(place, "media"), `${place}/`]) {
      const { ok, checks } = await plan({ media: place, clips });
      expect({ ok, checks }).toMatchObject({ ok: false, checks: [{ level: "error", code: "places-overlap" }] });
    }
    expect(await plan({ media: join(place, "a"), clips: place })).toMatchObject({ ok: false });
    expect(await plan({ media: join(place, "media"), clips: join(place, "media2") })).toMatchObject({ ok: true });
    expect(await plan({ media: place, clips: place }, { mode: "merge" })).toMatchObject({ ok: true });
    const chosen = { media: ["a.txt"], clips: ["b.txt"] };
    const both = await plan({ media: place, clips: place }, { select: chosen });
    await engine.restore(both, { confirm: both.token });
    expect(await tree(place)).toEqual({ "a.txt": "a", "b.txt": "b" });
  });

  it("leave what the backup could not take as it is", async () => {
    const root = await folder({ a: "1", unreadable: "kept" });
    const tricky: Source = {
      ...directory("media", { path: root, threads: false }),
      async *entries(context) {
        for await (const entry of directory("media", { path: root, threads: false }).entries(context)) {
          if (entry.path !== "unreadable") yield entry;
          else context.report({ path: entry.path, code: "PERMISSION_DENIED", message: "It may not be read." });
        }
      },
    };
    const { engine } = host({ sources: [tricky] });
    const { id } = await engine.backup({ site: "local" });
    await writeFile(join(root, "extra"), "new since");
    const plan = await engine.planRestore({ site: "local", id });
    expect(plan.changes).toMatchObject({ remove: 1 });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(root)).toEqual({ a: "1", unreadable: "kept" });
  });

  it("clear nothing away in another place, unless that is asked for", async () => {
    const { engine } = await prepared({ a: "1" });
    const { id } = await engine.backup({ site: "local" });
    const home = await folder({ precious: "precious" });
    const plan = await engine.planRestore({ site: "local", id, to: { media: home } });
    expect(plan).toMatchObject({ mode: "merge", changes: { remove: 0 } });
    await engine.restore(plan, { confirm: plan.token });
    expect(await tree(home)).toEqual({ a: "1", precious: "precious" });
    const clearing = await engine.planRestore({ site: "local", id, to: { media: home }, mode: "replace" });
    expect(clearing.changes.remove).toBe(1);
  });

  it("refuse a backup of a newer application, unless it goes elsewhere", async () => {
    const { media, storage, engine } = await prepared({ a: "1" });
    const { id } = await engine.backup({ site: "local" });
    const older = host({ storage, sources: [media], app: { name: "nvr", version: "1.8.12" } }).engine;
    expect(await older.planRestore({ site: "local", id })).toMatchObject({
      ok: false,
      checks: [{ level: "error", code: "app-version" }],
    });
    const to = { media: join(await folder(), "out") };
    expect(await older.planRestore({ site: "local", id, to })).toMatchObject({
      ok: true,
      checks: [{ level: "warning", code: "app-version" }],
    });
    const newer = host({ storage, sources: [media], app: { name: "nvr", version: "1.10.0" } }).engine;
    expect(await newer.planRestore({ site: "local", id })).toMatchObject({ ok: true, checks: [] });
  });

  it("ask the source itself", async () => {
    const { engine } = host({
      sources: [
        texts(
          "camera",
          { a: "1" },
          {
            version: "2",
            describe: async () => ({ model: "IMX477" }),
            check: async ({ description, version }) => [
              { level: "warning", code: "model", message: `made by ${JSON.stringify(description.model)} ${version}` },
            ],
          },
        ),
      ],
    });
    const { id } = await engine.backup({ site: "local" });
    expect((await engine.planRestore({ site: "local", id })).checks).toEqual([
      { level: "warning", code: "model", message: 'made by "IMX477" 2', source: "camera" },
    ]);
  });

  it("find missing objects, and damage before anything is touched", async () => {
    const roots = [await folder({ a: "1" }), await folder({ b: randomBytes(100_000).toString("hex") })] as const;
    const sources = roots.map((path, i) => directory(`source-${i}`, { path, threads: false }));
    const { engine, storage } = host({ sources });
    const { id } = await engine.backup({ site: "local" });
    await writeFile(join(roots[0], "a"), "changed");
    await writeFile(join(roots[1], "b"), "changed");
    const plan = await engine.planRestore({ site: "local", id });
    const key = `backups/${id}/source-1.tar.zst.sealed`;
    const bytes = Buffer.concat(await collect(storage.get(key)));
    const middle = bytes.length >>> 1; // in the data, which planning does not read
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await storage.put(key, bytes);
    await expect(engine.restore(plan, { confirm: plan.token })).rejects.toThrow(coded("CORRUPT"));
    await storage.delete([key]);
    expect(await engine.planRestore({ site: "local", id })).toMatchObject({
      ok: false,
      checks: [{ code: "integrity" }],
    });
    for (const root of roots) expect(Object.values(await tree(root))).toEqual(["changed"]);
  });

  it("find damage before anything is touched also where some of it is there already", async () => {
    const [a, b] = [randomBytes(100_000).toString("hex"), randomBytes(100_000).toString("hex")];
    const { root, engine, storage } = await prepared({ a, b, same: "same" });
    const { id } = await engine.backup({ site: "local" });
    await fill(root, { a: "changed", b: "changed" });
    const plan = await engine.planRestore({ site: "local", id });
    const key = `backups/${id}/media.tar.zst.sealed`;
    const bytes = Buffer.concat(await collect(storage.get(key)));
    const middle = bytes.length >>> 1;
    bytes[middle] = (bytes[middle] ?? 0) ^ 1;
    await storage.put(key, bytes);
    await expect(engine.restore(plan, { confirm: plan.token })).rejects.toThrow("Nothing was restored");
    expect(await tree(root)).toEqual({ a: "changed", b: "changed", same: "same" });
  });

  it("refuse to restore into a source that is being backed up", async () => {
    const { engine } = await prepared({ a: "1" });
    const { id } = await engine.backup({ site: "local" });
    const plan = await engine.planRestore({ site: "local", id });
    const restoring = engine.restore(plan, { confirm: plan.token });
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("LOCKED"));
    await expect(engine.backups.delete({ site: "local", id })).rejects.toThrow(coded("LOCKED"));
    await restoring;
  });
});

describe("a restore drill", () => {
  it("lets the source look at what was restored", async () => {
    const seen: Record<string, string>[] = [];
    const root = await folder({ "app.db": "data" });
    const source = {
      ...directory("database", { path: root, threads: false }),
      async validate(_context: unknown, at: string) {
        seen.push(await tree(at));
        return [{ level: "error", code: "integrity-check", message: "rows are missing" } as const];
      },
    };
    const { engine } = host({ sources: [source] });
    const { id } = await engine.backup({ site: "local" });
    const report = await engine.verify({ site: "local", id, level: "restore" });
    expect(seen).toEqual([{ "app.db": "data" }]);
    expect(report).toMatchObject({
      ok: false,
      problems: [],
      checks: [{ code: "integrity-check", source: "database" }],
    });
    expect(await tree(root)).toEqual({ "app.db": "data" });
  });
});

describe("what a restore or a verification is asked to be", () => {
  it("is a plan that counts once, also where the source can't compare", async () => {
    const settings = texts("settings", { a: "1" });
    const { engine } = host({ sources: [settings] });
    const { id } = await engine.backup({ site: "local" });
    const plan = await engine.planRestore({ site: "local", id });
    expect((await engine.planRestore({ site: "local", id })).token).toBe(plan.token);
    await engine.restore(plan, { confirm: plan.token });
    delete settings.restored.a;
    await expect(engine.restore(plan, { confirm: plan.token })).rejects.toThrow(coded("CONFLICT"));
    expect(settings.restored).toEqual({});
    const again = await engine.planRestore({ site: "local", id });
    await engine.restore(again, { confirm: again.token });
    expect(settings.restored).toEqual({ a: "1" });
  });

  it("may name a source as everything in the language is named", async () => {
    const source = texts("constructor", { a: "1" });
    const { engine } = host({ sources: [source, texts("other", { b: "2" })] });
    const { id } = await engine.backup({ site: "local" });
    const both = { other: true, constructor: true } as const;
    const plan = await engine.planRestore({ site: "local", id, to: {}, select: both });
    expect(plan).toMatchObject({
      ok: true,
      mode: "replace",
      sources: [{ source: "constructor" }, { source: "other" }],
    });
    expect((await engine.planRestore({ site: "local", id, to: {}, select: { other: true } })).sources).toHaveLength(1);
    await engine.restore(plan, { confirm: plan.token });
    expect(source.restored).toEqual({ a: "1" });
  });

  it("is refused where it is to verify nothing at all", async () => {
    const { engine } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    await expect(engine.verify({ site: "local", id, sources: [] })).rejects.toThrow(coded("INVALID"));
  });

  it("fails a drill whose source restores nothing to the place it is given", async () => {
    const { engine } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    const report = await engine.verify({ site: "local", id, level: "restore" });
    expect(report).toMatchObject({
      ok: false,
      checks: [{ level: "error", code: "place-ignored", source: "settings" }],
    });
  });
});
