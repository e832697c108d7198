import { linkSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { directory } from "../src/index.ts";
import { extrasOf } from "../src/lib/extras.ts";
import { FoldedPaths, folded, type Look, Spellings } from "../src/lib/fs/spellings.ts";
import { all, list, restoreContext, restored, temporary } from "./tools.ts";

/** A file system that takes spellings for one name, in all directories or in some. */
function disk(paths: readonly string[], folds: (directory: string) => boolean): Look {
  const parts = (path: string) => path.split("/").slice(2);
  const normal = (names: readonly string[]) =>
    names.map((name, i) => (folds(names.slice(0, i).join("/")) ? folded(name) : name)).join("/");
  return {
    async identity(path) {
      return paths.find((each) => normal(each.split("/")) === normal(parts(path))) ?? null;
    },
    async names(path) {
      const depth = parts(path).length;
      const inside = paths.filter((each) => normal(each.split("/").slice(0, depth)) === normal(parts(path)));
      return inside.map((each) => each.split("/")[depth] ?? "");
    },
  };
}

/** What a replacing restore of these entries would remove of a root that holds one file. */
async function removed(root: string, entries: readonly string[], look?: Look): Promise<string[]> {
  const spellings = new FoldedPaths();
  for (const path of entries) spellings.add(path);
  const has = (path: string) => entries.some((each) => each === path || each.startsWith(`${path}/`));
  const context = { mode: "replace" as const, partial: false, signal: new AbortController().signal };
  const options = { root, filter: {}, oneFileSystem: false, operation: "test", threads: 0, look };
  const extras = await all(extrasOf({ has, spellings, sections: new Set() }, context, options));
  return extras.map(({ path }) => path);
}

describe("a file system that takes several spellings for one name", () => {
  test("never loses what was restored under another spelling than it shows", async () => {
    const root = temporary();
    mkdirSync(join(root, "docs/caf\u00e9"), { recursive: true });
    for (const path of ["docs/readme.md", "docs/caf\u00e9/1", "docs/extra"]) writeFileSync(join(root, path), "");
    const shown = ["docs", "docs/readme.md", "docs/caf\u00e9", "docs/caf\u00e9/1", "docs/extra"].map((p) => p);
    const look = disk(shown, () => true);
    const rooted: Look = {
      identity: (path) => look.identity(`/r/${path.slice(root.length + 1)}`),
      names: (path) => look.names(path === root ? "/r" : `/r/${path.slice(root.length + 1)}`),
    };
    expect(await removed(root, ["Docs/README.md", "Docs/cafe\u0301/1"], rooted)).toEqual(["docs/extra"]);
    expect(await removed(root, ["Docs/README.md", "Docs/cafe\u0301/1"])).toEqual([
      "docs",
      "docs/caf\u00e9",
      "docs/caf\u00e9/1",
      "docs/extra",
      "docs/readme.md",
    ]);
  });

  test("is found by trying, directory by directory, and a hard link is not mistaken for one", async () => {
    const paths = ["a/README", "a/readme", "b/README", "7/8"];
    const look = disk(paths, (path) => path === "b");
    const spellings = new Spellings("/r", look);
    expect(await spellings.isOneOfSeveral("b/README")).toBe(true);
    expect(await spellings.isOneOfSeveral("a/README")).toBe(false);
    expect(await spellings.isOneOfSeveral("7/8")).toBe(false);
    const root = temporary();
    writeFileSync(join(root, "readme"), "");
    linkSync(join(root, "readme"), join(root, "README"));
    expect(await new Spellings(root).isOneOfSeveral("readme")).toBe(false);
  });

  test("keeps what cannot be looked at", async () => {
    const failing: Look = { identity: () => Promise.reject(new Error("no")), names: () => Promise.resolve([]) };
    expect(await new Spellings("/r", failing).isOneOfSeveral("a")).toBe(true);
  });
});

describe("a file system that tells every spelling apart", () => {
  test("has other spellings of what was restored removed", async () => {
    const root = temporary();
    mkdirSync(join(root, "DOCS"));
    for (const path of ["readme", "README", "DOCS/a", "docs"]) writeFileSync(join(root, path), "");
    const context = restoreContext();
    const entries = list(restored({ path: "Readme" }, "one"), restored({ path: "README" }, "two"));
    await directory("data", { path: root }).restore(context, entries);
    expect(readdirSync(root)).toEqual(["README", "Readme"]);
    expect(context.problems).toEqual([]);
  });
});
