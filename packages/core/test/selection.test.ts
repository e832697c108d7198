import type { EntryInfo } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compilePatterns } from "../src/lib/patterns.ts";
import { selectEntries } from "../src/lib/selection.ts";

const info = (path: string, type: EntryInfo["type"] = "file", target?: string): EntryInfo => {
  const facts = { path, type, size: type === "file" ? path.length : 0, mode: 0o644, mtimeMs: 0 };
  return target === undefined ? facts : { ...facts, target };
};

async function* each(entries: readonly EntryInfo[]) {
  yield* entries;
}

/** What is selected of entries, by what was kept and by a pass. */
async function selected(entries: readonly EntryInfo[], patterns: readonly string[]) {
  const selection = await selectEntries(compilePatterns(patterns), () => each(entries));
  const pass = selection.pass();
  return { kept: selection.kept, passed: entries.flatMap((entry) => pass(entry)) };
}

const paths = (entries: readonly EntryInfo[] | null) => entries?.map(({ path }) => path);

describe("what a selection keeps", () => {
  const tree = [info("a", "directory"), info("a/b", "directory"), info("a/b/c"), info("a/d"), info("e")];

  it("is what a pass comes to, in its order", async () => {
    const { kept, passed } = await selected(tree, ["a/b/c", "e"]);
    expect(paths(kept)).toEqual(["a", "a/b", "a/b/c", "e"]);
    expect(kept).toEqual(passed);
  });

  it("is nothing where a directory is not known when it is needed, or a link takes its target's place", async () => {
    expect((await selected([info("a/b"), info("a", "directory")], ["a/b"])).kept).toBeNull();
    const linked = [info("a"), info("b", "hardlink", "a")];
    expect(await selected(linked, ["b"])).toMatchObject({ kept: null, passed: [{ path: "b", type: "file" }] });
    expect(paths((await selected(linked, ["a", "b"])).kept)).toEqual(["a", "b"]);
  });

  it("is nothing where that is too much", async () => {
    const many = Array.from({ length: 2001 }, (_, n) => info(`file ${n}`));
    expect((await selected(many, ["*"])).kept).toBeNull();
    expect((await selected(many.slice(1), ["*"])).kept).toHaveLength(2000);
  });

  it("is the same as a pass for any tree in the order of a walk", async () => {
    const name = fc.constantFrom("a", "b", "c");
    const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path, { maxLength: 20 }),
        fc.array(path, { minLength: 1 }),
        async (files, wanted) => {
          const all = new Set(
            files.flatMap((file) => file.split("/").map((_, n, names) => names.slice(0, n + 1).join("/"))),
          );
          const entries = [...all]
            .sort((a, b) => (a.split("/").join("\0") < b.split("/").join("\0") ? -1 : 1))
            .map((each) => info(each, [...all].some((other) => other.startsWith(`${each}/`)) ? "directory" : "file"));
          const { kept, passed } = await selected(entries, wanted);
          expect(kept).toEqual(passed);
        },
      ),
    );
  });
});
