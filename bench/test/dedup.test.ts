import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openVersions } from "../src/dedup/changes.ts";
import { geometricMean, type Result, ratios, table, verdict } from "../src/dedup/report.ts";
import { scalingTable } from "../src/dedup/scaling.ts";

const result = (tool: Result["tool"], row: Result["row"], seconds: number): Result => ({
  corpus: "source",
  round: 0,
  tool,
  row,
  seconds,
  cpuSeconds: 2 * seconds,
  peakBytes: 150e6,
  siteBytes: 10e6,
});

describe("the report of the dedup benchmark", () => {
  const results = [
    result("lifeboat", "first", 2),
    result("restic", "first", 8),
    result("borg-zstd", "first", 5),
    result("lifeboat", "prune", 4),
    result("restic", "prune", 2),
    result("restic", "verify", 1),
  ];

  it("compares Lifeboat with the fastest of the others, row by row", () => {
    expect(ratios(results)).toEqual([
      { corpus: "source", row: "first", ratio: 2.5 },
      { corpus: "source", row: "prune", ratio: 0.5 },
    ]);
  });

  it("weighs twice as fast and half as fast alike, and names the worst row", () => {
    expect(geometricMean([2, 0.5])).toBeCloseTo(1);
    expect(verdict(results)).toContain("All rows: geometric mean 1.12×, worst 0.50× (source, prune).");
    expect(verdict(results)).toContain("verify: geometric mean 2.50×, worst 2.50× (source, first).");
    expect(verdict([result("restic", "first", 1)])).toMatch(/^Nothing to compare/);
  });

  it("shows memory above an idle process, and what was not measured as a dash", () => {
    const text = table("source", results, 60e6);
    expect(text).toContain("| first | 2.00 | 8.00 | 5.00 | **2.50×** |");
    expect(text).toContain("| verify | – | 1.00 | – | – |");
    expect(text).toContain("| peak above an idle process, MB | 90 | 90 |");
  });

  it("tells what each further unit costs", () => {
    const scaled = (count: number, peakBytes: number) =>
      ({ unit: "chunks", count, step: "first", seconds: count / 1e5, cpuSeconds: 1, peakBytes, p99: 5 }) as const;
    const text = scalingTable([scaled(10_000, 50e6), scaled(1_000_000, 99.5e6)]);
    expect(text).toContain("| 1000000 | first | 10.00 | 10.0 | 1.00 | 100 | 50 | 5.0 |");
  });
});

describe("the second version of a corpus", () => {
  let dir = "";
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), "lifeboat-bench-test-"));
  });
  afterAll(() => rm(dir, { recursive: true, force: true }));

  async function look(folder: string) {
    const found = new Map<string, { inode: number; content: string }>();
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      found.set(path, { inode: (await stat(path)).ino, content: await readFile(path, "latin1") });
    }
    return found;
  }

  it.each(["source", "media", "db"] as const)(
    "of %s comes and goes, and what is the same stays in place",
    async (name) => {
      const versions = await openVersions(name, dir, 0.002);
      const first = await look(versions.folder);
      await versions.show(2);
      const second = await look(versions.folder);
      const same = [...second].filter(([path, { inode }]) => first.get(path)?.inode === inode);
      expect(second).not.toEqual(first);
      // At this size one file is half a per cent.
      if (name === "source") expect(same.length).toBeGreaterThan(0.9 * first.size);
      if (name === "db") expect([...second.values()][0]?.content).not.toBe([...first.values()][0]?.content);
      await versions.show(1);
      expect(await look(versions.folder)).toEqual(first);
      await versions.show(2);
      expect(await look((await openVersions(name, dir, 0.002)).folder)).toEqual(first); // a run that broke off
    },
  );

  it("comes back from a change that was broken off half-way", async () => {
    const versions = await openVersions("source", dir, 0.002);
    const first = await look(versions.folder);
    await versions.show(2);
    const store = (await readdir(join(dir, "corpora"))).find((each) => each.includes("changes")) ?? "";
    const { moves } = JSON.parse(await readFile(join(dir, "corpora", store, "moves.json"), "utf8"));
    await versions.show(1);
    await writeFile(join(dir, "corpora", store, "second"), "");
    const { rename } = await import("node:fs/promises");
    for (const { from, to } of moves.slice(0, 2)) await rename(from, to);
    expect(await look((await openVersions("source", dir, 0.002)).folder)).toEqual(first);
  });
});
