import { archive } from "@lifeboat/archive";
import type { PartDiff, Storage } from "@lifeboat/contracts";
import { dedup } from "@lifeboat/dedup";
import { directory } from "@lifeboat/sources";
import { memoryStorage } from "@lifeboat/storage-memory";
import { compareTrees, hardTree } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { twoSites } from "./copy-support.ts";
import { collect, fill, folder, keys, texts } from "./support.ts";

const FORMATS = { archive: () => archive(), dedup: () => dedup() };
const WAYS = [
  ["archive", "dedup"],
  ["dedup", "archive"],
  ["dedup", "dedup"],
] as const;

describe("a copy between formats", () => {
  it.each(WAYS)("from %s to %s carries every kind of entry", async (from, to) => {
    const path = await folder();
    await hardTree(path);
    await fill(path, { "large.bin": "Women and children first. ".repeat(150_000) });
    const formats = { here: FORMATS[from](), there: FORMATS[to]() };
    const { engine } = twoSites({ sources: [directory("tree", { path, threads: false })], formats });
    const { id, counts, size } = await engine.backup({ site: "here", label: "x" });
    expect(await engine.copy({ from: "here", to: "there", verify: "content" })).toMatchObject({
      ok: true,
      bytes: size,
    });
    expect(await engine.backups.get({ site: "there", id })).toMatchObject({ format: to, label: "x", counts, size });
    const diff = engine.diff({ site: "here", id }, { site: "there", id }, { content: "read" });
    expect(await collect(diff)).toEqual([]);
    expect(await diff.summary()).toMatchObject({ same: true, bySizeAndTime: 0 });
    const out = await folder();
    const plan = await engine.planRestore({ site: "there", id, to: { tree: out } });
    expect(await engine.restore(plan, { confirm: plan.token })).toMatchObject({ problemCount: 0 });
    expect(await compareTrees(path, out)).toEqual([]);
    expect((await engine.copy({ from: "here", to: "there" })).backups).toEqual([{ status: "present", id, copy: id }]);
  });

  it("stores what two backups share once, where the other format can", async () => {
    const noise = Array.from({ length: 40_000 }, (_, n) => Math.sin(n)).join();
    const { engine } = twoSites({ sources: [texts("data", { noise })], formats: { there: dedup() } });
    await engine.backup({ site: "here" });
    await engine.backup({ site: "here" });
    const { backups } = await engine.copy({ from: "here", to: "there" });
    const [first = 0, second = 0] = backups.map((each) => (each.status === "copied" ? each.backup.storedSize : 0));
    expect(first).toBeGreaterThan(200_000);
    expect(second).toBeLessThan(first / 100);
  });

  it("leaves nothing listed where it is broken off, and goes on later", async () => {
    const { engine, there } = twoSites({ sources: [texts("a", { x: "1" })], formats: { there: dedup() } });
    const { id } = await engine.backup({ site: "here" });
    const job = engine.copy({ from: "here", to: "there" });
    for await (const event of job) if (event.type === "phase" && event.phase === "committing") job.cancel();
    await expect(job).rejects.toThrow(expect.objectContaining({ code: "ABORTED" }));
    expect(await engine.backups.list({ site: "there" })).toEqual([]);
    expect(await engine.copy({ from: "here", to: "there" })).toMatchObject({ ok: true });
    const [copy] = await engine.backups.list({ site: "there" });
    expect(copy?.id).not.toBe(id); // something of the first attempt may still arrive under that one
    expect(await keys(there, "locks/")).toEqual([]);
  });

  it("puts no lease on a folder that has lost its manifest, so that no sweep removes it", async () => {
    const there = memoryStorage();
    const claimed: string[] = [];
    const watched: Storage = {
      ...there,
      put(key, body, options) {
        if (key.startsWith("locks/")) claimed.push(key);
        return there.put(key, body, options);
      },
    };
    const { engine } = twoSites({ there: watched, sources: [texts("a", { x: "1" })], formats: { there: dedup() } });
    const { id } = await engine.backup({ site: "here" });
    await engine.copy({ from: "here", to: "there" });
    await there.delete([`backups/${id}/manifest.json`]);
    claimed.length = 0;
    expect(await engine.copy({ from: "here", to: "there" })).toMatchObject({ ok: true });
    expect(claimed.length).toBeGreaterThan(0);
    expect(claimed).not.toContain(`locks/${id}.json`);
    expect(await keys(there, `backups/${id}/`)).toEqual([`backups/${id}/a.list.sealed`]);
    expect(await engine.backups.rebuild({ site: "there", id })).toMatchObject({ id });
  });
});

describe("a comparison within one dedup site", () => {
  const files = (count: number, change: Readonly<Record<string, string>> = {}) => ({
    ...Object.fromEntries(Array.from({ length: count }, (_, n) => [`${n % 40}/${n}`, `content ${n}`])),
    ...change,
  });

  it("tells content by what it is, and passes over what the lists have in common", async () => {
    const diffs: PartDiff[] = [];
    const format = dedup();
    const watched: typeof format = {
      ...format,
      open(site) {
        const repository = format.open(site);
        return {
          ...repository,
          async diff(...args) {
            const found = await repository.diff?.(...args);
            if (found === undefined) throw new Error("It is there.");
            diffs.push(found);
            return found;
          },
        };
      },
    };
    const storage = memoryStorage();
    const backUp = async (content: Readonly<Record<string, string>>) => {
      const { engine } = twoSites({ here: storage, sources: [texts("data", content)], formats: { here: watched } });
      return { engine, address: { site: "here", id: (await engine.backup({ site: "here" })).id } as const };
    };
    const { address: a } = await backUp(files(8000));
    // All in one folder, so in one or two blocks of the list: where these end is another in each site.
    const { "5/45": _, ...rest } = files(8000, { "5/5": "Content 5", "5/new": "new" });
    const { engine, address: b } = await backUp(rest);

    const told = async (options: Parameters<typeof engine.diff>[2]) => {
      const found = await collect(engine.diff(a, b, options));
      return found.filter(({ change }) => change !== "unchanged").map(({ change, path }) => `${change} ${path}`);
    };
    const expected = ["removed 5/45", "changed 5/5", "created 5/new"];
    expect((await told({})).sort()).toEqual([...expected].sort());
    expect((await told({ unchanged: true })).sort()).toEqual([...expected].sort());
    expect(await engine.diff(a, b).summary()).toMatchObject({
      created: 1,
      changed: 1,
      removed: 1,
      unchanged: 7998,
      bySizeAndTime: 0,
    });
    const [seen] = diffs;
    expect(seen?.before.entries).toBeLessThan(7000);
    expect(await engine.diff(b, b).summary()).toMatchObject({ same: true, unchanged: 8000 });
    expect(diffs.at(-1)?.before.entries).toBe(0);
  });
});
