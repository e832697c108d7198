import { entryPathProblem } from "@lifeboat/contracts";
import { expect } from "vitest";
import { backupContext, record, type SourceTest } from "./harness.ts";

/** That a source yields entries which any format can store. */
export function entries(test: SourceTest): void {
  test("its id can be part of an object's name", async ({ source }) => {
    expect(source.id).toMatch(/^[a-z0-9][a-z0-9-]{0,63}$/);
  });

  test("every entry is well-formed, and no path comes twice", async ({ source }) => {
    const paths = new Set<string>();
    const recorded = await record(source);
    expect(recorded.length).toBeGreaterThan(0);
    for (const { entry, bytes } of recorded) {
      const { path, type, mode, mtimeMs, size, target } = entry;
      expect(entryPathProblem(path), path).toBeNull();
      expect(paths.has(path), `${path} comes twice`).toBe(false);
      paths.add(path);
      expect(Number.isInteger(mode) && mode >= 0 && mode <= 0o7777, `mode of ${path}`).toBe(true);
      expect(Number.isFinite(mtimeMs), `mtime of ${path}`).toBe(true);
      expect(entry.open !== undefined, `content of ${path}`).toBe(type === "file");
      expect(target !== undefined, `target of ${path}`).toBe(type === "symlink" || type === "hardlink");
      if (type === "file" && size !== undefined) expect(bytes.length, `size of ${path}`).toBe(size);
    }
  });

  test("a directory comes before what is in it, and a hard link after the file that it shares", async ({ source }) => {
    const seen = new Map<string, string>();
    const recorded = await record(source);
    const directories = new Set(
      recorded.filter(({ entry }) => entry.type === "directory").map(({ entry }) => entry.path),
    );
    for (const { entry } of recorded) {
      const parent = entry.path.slice(0, Math.max(0, entry.path.lastIndexOf("/")));
      if (directories.has(parent)) expect(seen.has(parent), `${parent} before ${entry.path}`).toBe(true);
      if (entry.type === "hardlink") expect(seen.get(entry.target ?? ""), `target of ${entry.path}`).toBe("file");
      seen.set(entry.path, entry.type);
    }
  });

  test("unchanged data yields the same entries again, without a problem", async ({ source }) => {
    const { context, problems } = backupContext();
    const facts = async () =>
      (await record(source, context)).map(({ entry, bytes }) => ({ path: entry.path, type: entry.type, bytes }));
    expect(await facts()).toEqual(await facts());
    expect(problems).toEqual([]);
  });

  test("what it says of itself, JSON can carry", async ({ source }) => {
    const description = (await source.describe?.(backupContext().context)) ?? {};
    expect(JSON.parse(JSON.stringify(description))).toEqual(description);
  });
}
