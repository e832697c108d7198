import { archive } from "@lifeboat/archive";
import type { Format, PartInfo, Repository, Source, SourceEntry } from "@lifeboat/contracts";
import { directory } from "@lifeboat/sources";
import { readOnly } from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { compareTrees, hardTree } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { cloneOf, twoSites } from "./copy-support.ts";
import { collect, folder, gate, keys, texts } from "./support.ts";

const sources = () => [texts("settings", { "a.json": "{}" }), texts("media", { "x/1": "one", "x/2": "two" })];
const coded = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("a copy to another site", () => {
  it("is the same backup: id, times, trigger, application, label, descriptions, content", async () => {
    const described = texts(
      "media",
      { "x/1": "one" },
      {
        title: "Media",
        version: "3",
        describe: async () => ({ camera: "imx477" }),
        scope: async () => ({ exclude: ["cache/**"] }),
      },
    );
    const { engine } = twoSites({ sources: [texts("settings", { "a.json": "{}" }), described] });
    const original = await engine.backup({
      site: "here",
      label: "before upgrade",
      preserve: true,
      trigger: "pre-update",
      sources: { settings: true, media: { folders: ["x"] } },
    });
    const report = await engine.copy({ from: "here", to: "there" });
    expect(report).toMatchObject({ from: "here", to: "there", ok: true, entries: 2, bytes: 5 });
    const copy = await engine.backups.get({ site: "there", id: original.id });
    const plain = (part: PartInfo) => ({ ...part, objects: [], storedSize: 0 });
    expect(copy).toMatchObject({
      id: original.id,
      time: original.time,
      finished: original.finished,
      trigger: "pre-update",
      label: "before upgrade",
      preserve: true,
      app: original.app,
      status: "complete",
    });
    expect(copy.parts.map(plain)).toEqual(original.parts.map(plain));
    expect(report.backups).toEqual([{ status: "copied", id: original.id, backup: copy }]);
    expect(report.storedBytes).toBe(copy.storedSize);
    expect(await engine.verify({ site: "there", id: copy.id })).toMatchObject({ ok: true });
    expect((await engine.diff({ site: "here", id: copy.id }, { site: "there", id: copy.id }).summary()).same).toBe(
      true,
    );
    const plan = await engine.planRestore({ site: "there", id: copy.id });
    await engine.restore(plan, { confirm: plan.token });
    expect(described.restored).toEqual({ "x/1": "one" });
  });

  it("keeps what a backup could not take, so that a replacing restore spares it", async () => {
    const source: Source = {
      ...texts("media", {}),
      async *entries(context) {
        context.report({ path: "locked", code: "PERMISSION_DENIED", message: "may not be read" });
        yield* texts("media", { a: "1" }).entries(context);
      },
    };
    const { engine } = twoSites({ sources: [source] });
    const { id, problems } = await engine.backup({ site: "here" });
    await engine.copy({ from: "here", to: "there" });
    const copy = await engine.backups.get({ site: "there", id });
    expect(copy).toMatchObject({ status: "problems", problemCount: 1, problems });
    expect(copy.parts[0]).toMatchObject({ problemCount: 1 });
  });

  it("carries every kind of entry: hard links, odd names, large files, modes, times, owners", async () => {
    const path = await folder();
    await hardTree(path);
    const { engine } = twoSites({
      sources: [directory("tree", { path, threads: false })],
      formats: { here: archive({ compression: "gzip" }) },
    });
    const { id } = await engine.backup({ site: "here" });
    await engine.copy({ from: "here", to: "there", verify: "content" });
    const diff = engine.diff({ site: "here", id }, { site: "there", id }, { content: "read" });
    expect(await collect(diff)).toEqual([]);
    const to = await folder();
    const plan = await engine.planRestore({ site: "there", id, to: { tree: to } });
    expect(await engine.restore(plan, { confirm: plan.token })).toMatchObject({ problemCount: 0 });
    expect(await compareTrees(path, to)).toEqual([]);
  });

  it("takes all backups, oldest first, and passes over those that are there", async () => {
    const { engine, there } = twoSites({ sources: sources() });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await engine.backup({ site: "here" })).id);
    const [first = "", ...rest] = ids.sort();
    await engine.copy({ from: "here", to: "there", ids: [first] });
    const before = await keys(there);
    const { backups } = await engine.copy({ from: "here", to: "there" });
    expect(backups.map(({ id, status }) => [id, status])).toEqual([
      [first, "present"],
      ...rest.map((id) => [id, "copied"]),
    ]);
    expect((await keys(there)).filter((key) => !before.includes(key) && key.includes(first))).toEqual([]);
    const again = await engine.copy({ from: "here", to: "there" });
    expect(again).toMatchObject({ ok: true, entries: 0, bytes: 0, storedBytes: 0 });
    expect(await keys(there, "locks/")).toEqual([]);
  });

  it("gets another id where its own is taken by something else, and is recognised all the same", async () => {
    const { engine, there } = twoSites({ sources: sources() });
    const { id, time } = await engine.backup({ site: "here" });
    await engine.backup({ site: "there" });
    await there.put(`backups/${id}/something`, Buffer.from("?"));
    const { backups } = await engine.copy({ from: "here", to: "there" });
    const [copied] = backups;
    const copy = copied?.status === "copied" ? copied.backup : null;
    expect(copy?.id).not.toBe(id);
    expect(copy?.id.slice(0, -5)).toBe(id.slice(0, -5));
    expect(copy?.time).toEqual(time);
    expect((await engine.copy({ from: "here", to: "there" })).backups).toEqual([
      { status: "present", id, copy: copy?.id },
    ]);
  });

  it("needs nothing but to read where only reading is allowed", async () => {
    const first = twoSites({ sources: sources() });
    const { id } = await first.engine.backup({ site: "here" });
    const { engine } = twoSites({ here: readOnly(first.here) });
    expect(await engine.copy({ from: "here", to: "there" })).toMatchObject({ ok: true });
    expect(await engine.verify({ site: "there", id })).toMatchObject({ ok: true });
  });

  it("shows itself as a job with progress", async () => {
    const { engine } = twoSites({ sources: sources() });
    await engine.backup({ site: "here" });
    const job = engine.copy({ from: "here", to: "there" });
    expect(job).toMatchObject({ kind: "copy", site: "there" });
    const phases = (await collect(job)).flatMap((event) => (event.type === "phase" ? [event.phase] : []));
    expect(phases).toEqual(["sweeping", "copying", "copying", "committing", "comparing"]);
    expect(job.progress).toMatchObject({ entries: 3, bytes: 8, totalEntries: 3, totalBytes: 8 });
  });
});

describe("a copy that can't be made", () => {
  it("is refused for sites and backups that there are not", async () => {
    const { engine } = twoSites({ sources: sources() });
    await expect(engine.copy({ from: "here", to: "there" })).rejects.toThrow(coded("NOT_FOUND", /holds no site/));
    const { id } = await engine.backup({ site: "here" });
    await expect(engine.copy({ from: "here", to: "here" })).rejects.toThrow(coded("INVALID", /two sites/));
    const other = id.replace(/^..../, "1999");
    await expect(engine.copy({ from: "here", to: "there", ids: [other] })).rejects.toThrow(coded("NOT_FOUND"));
    await expect(engine.copy({ from: "here", to: "there", verify: "all" as never })).rejects.toThrow(coded("INVALID"));
    // @ts-expect-error a site that does not exist
    await expect(engine.copy({ from: "her", to: "there" })).rejects.toThrow(coded("NOT_FOUND"));
  });

  it("leaves out a damaged backup and takes the others, but fails where that very one was asked for", async () => {
    const { engine, here } = twoSites({ sources: sources() });
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push((await engine.backup({ site: "here" })).id);
    const [manifest = "", part = "", whole = ""] = ids.sort();
    await here.put(`backups/${manifest}/manifest.json`, Buffer.from("{}"));
    const [object = ""] = (await keys(here, `backups/${part}/media`)).values();
    const [bytes] = await collect(here.get(object));
    await here.put(object, Buffer.from(bytes ?? []).fill(1, 200, 210));
    const job = engine.copy({ from: "here", to: "there" });
    const warnings = (await collect(job)).filter(({ type }) => type === "warning");
    const report = await job;
    expect(report.ok).toBe(false);
    expect(report.backups.map(({ id, status }) => [id, status])).toEqual([
      [manifest, "damaged"],
      [part, "damaged"],
      [whole, "copied"],
    ]);
    expect(warnings.map((event) => event.type === "warning" && event.code)).toEqual(["not-copied", "not-copied"]);
    expect((await engine.backups.list({ site: "there" })).map(({ id }) => id)).toEqual([whole]);
    await expect(engine.copy({ from: "here", to: "there", ids: [part] })).rejects.toThrow(coded("CORRUPT"));
  });

  it("keeps a backup whose labels are damaged from being pruned", async () => {
    const { engine, here } = twoSites({ sources: sources() });
    const { id } = await engine.backup({ site: "here", label: "x" });
    await here.put(`backups/${id}/labels.json`, Buffer.from("{}"));
    await engine.copy({ from: "here", to: "there" });
    expect(await engine.backups.get({ site: "there", id })).toMatchObject({ preserve: true });
  });

  it("keeps the original from being deleted meanwhile, here and by another process", async () => {
    const started = gate();
    const going = gate();
    const first = twoSites({ sources: sources() });
    const { id } = await first.engine.backup({ site: "here" });
    const slow = memoryStorage();
    const there = {
      ...slow,
      put: async (...args: Parameters<typeof slow.put>) => {
        if (args[0].includes("media")) {
          started.open();
          await going.opened;
        }
        return slow.put(...args);
      },
    };
    const { engine } = twoSites({ here: first.here, there });
    const copying = engine.copy({ from: "here", to: "there" });
    await started.opened;
    await expect(engine.backups.delete({ site: "here", id })).rejects.toThrow(coded("LOCKED"));
    await expect(first.engine.backups.delete({ site: "here", id })).rejects.toThrow(coded("LOCKED", /A copy/));
    const another = twoSites({ here: first.here });
    expect(await another.engine.copy({ from: "here", to: "there" })).toMatchObject({ ok: true });
    const rival = twoSites({ here: first.here, there });
    await expect(rival.engine.copy({ from: "here", to: "there" })).rejects.toThrow(coded("LOCKED", /making/));
    going.open();
    expect(await copying).toMatchObject({ ok: true });
    await first.engine.backups.delete({ site: "here", id });
  });

  it("leaves nothing behind when it is cancelled, whenever that is", async () => {
    const first = twoSites({ sources: sources() });
    const { id } = await first.engine.backup({ site: "here" });
    for (const phase of ["copying", "committing", "comparing"] as const) {
      const { engine, there } = twoSites({ here: await cloneOf(first.here) });
      const job = engine.copy({ from: "here", to: "there" });
      for await (const event of job) if (event.type === "phase" && event.phase === phase) job.cancel("enough");
      await expect(job).rejects.toThrow(coded("ABORTED", /enough/));
      expect(await keys(there, "backups/")).toEqual([]);
      expect(await keys(there, "locks/")).toEqual([]);
      expect((await engine.copy({ from: "here", to: "there" })).backups).toMatchObject([{ status: "copied", id }]);
    }
  });

  it("is taken back where the copy turns out to be something else", async () => {
    const forgetful = changed((repository) => ({
      async *entries(...args) {
        for await (const info of repository.entries(...args)) yield { ...info, mode: 0 };
      },
    }));
    const { engine, there } = twoSites({ sources: sources(), formats: { there: forgetful } });
    await engine.backup({ site: "here" });
    await expect(engine.copy({ from: "here", to: "there" })).rejects.toThrow(
      coded("CORRUPT", /"a.json".*differs in mode/),
    );
    expect(await keys(there, "backups/")).toEqual([]);
  });
});

describe("a format whose writer pulls entries ahead", () => {
  it.each(["after it has pulled the next one", "while it pulls the next one"])("gets content %s", async (when) => {
    const size = 3 * 1024 * 1024;
    const media = texts("media", { a: "a".repeat(size), b: "small", c: "c".repeat(size), d: "" });
    const ahead = when.startsWith("after") ? openedLate : openedAtOnce;
    const there = changed((repository) => ({
      async begin(...args) {
        const writer = await repository.begin(...args);
        return { ...writer, part: (start, entries, options) => writer.part(start, ahead(entries), options) };
      },
    }));
    const { engine } = twoSites({ sources: [media], formats: { there } });
    const { id } = await engine.backup({ site: "here" });
    expect(await engine.copy({ from: "here", to: "there", verify: "content" })).toMatchObject({ ok: true });
    const found = await collect(engine.diff({ site: "here", id }, { site: "there", id }, { unchanged: true }));
    expect(found.map(({ path, change }) => `${path} ${change}`)).toEqual(
      ["a", "b", "c", "d"].map((path) => `${path} unchanged`),
    );
  });
});

/** The archive format with some methods of its repositories replaced. */
function changed(change: (repository: Repository) => Partial<Repository>): Format {
  const format = archive();
  return {
    ...format,
    open(site) {
      const repository = format.open(site);
      return { ...repository, ...change(repository) };
    },
  };
}

async function* openedLate(entries: AsyncIterable<SourceEntry>): AsyncGenerator<SourceEntry> {
  let held: SourceEntry | undefined;
  for await (const entry of entries) {
    if (held !== undefined) yield held;
    held = entry;
  }
  if (held !== undefined) yield held;
}

async function* openedAtOnce(entries: AsyncIterable<SourceEntry>): AsyncGenerator<SourceEntry> {
  const iterator = entries[Symbol.asyncIterator]();
  for (let result = await iterator.next(); result.done !== true; ) {
    const entry = result.value;
    const content = entry.open === undefined ? [] : collect(entry.open());
    const next = iterator.next();
    const pieces = await content;
    yield {
      ...entry,
      async *open() {
        yield* pieces;
      },
    };
    result = await next;
  }
}
