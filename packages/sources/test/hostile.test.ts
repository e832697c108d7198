import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RestoredEntry } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { directory } from "../src/index.ts";
import { list, restoreContext, restored, temporary } from "./tools.ts";

/** A place to restore to with a neighbour that must never be touched. */
function place(): { to: string; outside: string; untouched: () => boolean } {
  const base = temporary();
  const outside = join(base, "outside");
  mkdirSync(outside);
  writeFileSync(join(outside, "victim"), "precious");
  return {
    to: join(base, "to"),
    outside,
    untouched: () =>
      readFileSync(join(outside, "victim"), "utf8") === "precious" &&
      readdirSync(outside).length === 1 &&
      readdirSync(base).every((name) => name === "outside" || name === "to"),
  };
}

function restore(to: string, entries: readonly RestoredEntry[], more = {}, options = {}): Promise<void> {
  const source = directory("data", { path: "/nowhere", ...options });
  return source.restore(restoreContext({ to, mode: "merge", ...more }), list(...entries));
}

const file = (path: string, text = "evil") => restored({ path }, text);
const link = (path: string, target: string) => restored({ path, type: "symlink", target });
const hardlink = (path: string, target: string) => restored({ path, type: "hardlink", target });

/** Entry lists that no honest backup holds, with the entry that must be named. */
function hostile(outside: string): [what: string, culprit: string, entries: RestoredEntry[]][] {
  const odd = (entry: object) => ({ ...file("odd"), ...entry }) as RestoredEntry;
  return [
    ["an absolute path", `${outside}/victim`, [file(`${outside}/victim`)]],
    ["a path that climbs out", "../outside/victim", [file("../outside/victim")]],
    ["a path that climbs out further down", "a/../../outside/victim", [file("a/../../outside/victim")]],
    ["an empty path", "", [file("")]],
    ["a dot", "./a", [file("./a")]],
    ["an empty segment", "a//b", [file("a//b")]],
    ["a NUL", "a\0b", [file("a\0b")]],
    ["a path escaped so that its bytes spell another", "\udcc3\udca9", [file("\udcc3\udca9")]],
    ["a lone surrogate that stands for no byte", "a\ud800", [file("a\ud800")]],
    ["a write through a link of its own", "a/victim", [link("a", outside), file("a/victim")]],
    ["a directory through a link of its own", "a/b", [link("a", outside), restored({ path: "a/b" })]],
    ["a link replaced by a directory", "a", [link("a", outside), restored({ path: "a" }), file("a/victim")]],
    ["a link that follows what lies beneath it", "a", [file("a/victim"), link("a", outside)]],
    ["a file beneath a file", "a/b", [file("a"), file("a/b")]],
    ["a file where a directory is", "a", [file("a/b"), file("a")]],
    ["a name twice", "a", [file("a"), file("b"), file("a")]],
    ["a directory twice", "a", [restored({ path: "a" }), restored({ path: "a" })]],
    ["a device", "odd", [odd({ type: "character-device" })]],
    ["a pipe", "odd", [odd({ type: "fifo" })]],
    ["no type", "odd", [odd({ type: undefined })]],
    ["a hard link to outside", "a", [hardlink("a", "../outside/victim")]],
    ["a hard link to an absolute path", "a", [hardlink("a", `${outside}/victim`)]],
    ["a hard link to a symbolic link", "b", [link("a", `${outside}/victim`), hardlink("b", "a")]],
    ["a hard link to a directory", "b", [restored({ path: "a" }), hardlink("b", "a")]],
    ["a hard link through a symbolic link", "b", [link("a", outside), hardlink("b", "a/victim")]],
    ["a symbolic link to nothing at all", "a", [link("a", "")]],
    ["a symbolic link with a NUL", "a", [link("a", "x\0y")]],
    ["more bytes than announced", "odd", [{ ...restored({ path: "odd" }, "1234"), size: 3 }]],
    ["fewer bytes than announced", "odd", [{ ...restored({ path: "odd" }, "1234"), size: 5 }]],
    ["a negative size", "odd", [odd({ size: -1 })]],
    ["a size that is no number", "odd", [odd({ size: Number.NaN })]],
  ];
}

describe.each([
  ["into a new place, in threads", false],
  ["over what is there, without threads", true],
])("restoring %s", (_, existing) => {
  const threads = !existing;

  test.each(hostile("/outside").map(([what], index) => [what, index] as const))("refuses %s", async (_what, index) => {
    const { to, outside, untouched } = place();
    if (existing) {
      mkdirSync(to);
      writeFileSync(join(to, "there before"), "stays");
    }
    const [, culprit, entries] = hostile(outside)[index]!;
    const error: unknown = await restore(to, [file("first", "fine"), ...entries], {}, { threads }).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({ code: expect.stringMatching(/^(INVALID|CORRUPT|UNSUPPORTED)$/), key: culprit });
    expect(untouched()).toBe(true);
    if (existing) expect(readdirSync(to).filter((name) => name.startsWith(".lifeboat"))).toEqual([]);
    else expect(existsSync(to)).toBe(false);
  });

  test("refuses a bomb: an entry that goes on and on", async () => {
    const { to, untouched } = place();
    if (existing) mkdirSync(to);
    if (existing) writeFileSync(join(to, "there before"), "stays");
    let pieces = 0;
    const bomb: RestoredEntry = {
      ...file("bomb"),
      size: 1_000_000,
      async *open() {
        for (;;) {
          pieces += 1;
          yield Buffer.alloc(100_000, 1);
        }
      },
    };
    const { copyTo: _copyTo, ...streamed } = bomb;
    await expect(restore(to, [streamed], {}, { threads })).rejects.toMatchObject({ code: "CORRUPT", key: "bomb" });
    expect(pieces).toBe(11);
    expect(untouched()).toBe(true);
    expect(existing ? readdirSync(to) : existsSync(to)).toEqual(existing ? ["there before"] : false);
  });

  test("keeps to the caps it was given", async () => {
    const { to } = place();
    const entries = [file("a"), file("b"), file("c")];
    const capped = (limits: object) => restore(to, entries, {}, { limits, threads });
    await expect(capped({ maxEntries: 2 })).rejects.toMatchObject({ code: "INVALID", key: "c" });
    await expect(capped({ maxBytes: 7 })).rejects.toMatchObject({ code: "INVALID", key: "b" });
    await capped({ maxEntries: 3, maxBytes: 12 });
  });
});

describe("links that were put into the target before the restore", () => {
  test.each(["replace", "merge", "missing"] as const)("are never written through: %s", async (mode) => {
    for (const entries of [
      [restored({ path: "a" }), file("a/victim")],
      [file("a/victim")],
      [file("a/b/victim")],
      [link("a/victim", "x")],
      [file("b"), hardlink("a/victim", "b")],
      [hardlink("c", "a/victim")],
    ]) {
      const { to, outside, untouched } = place();
      mkdirSync(to);
      symlinkSync(outside, join(to, "a"));
      const key = entries.at(-1)!.path.startsWith("c") ? "c" : entries.find(({ path }) => path.startsWith("a"))!.path;
      await expect(restore(to, entries, { mode })).rejects.toMatchObject({ code: "INVALID", key });
      expect(untouched()).toBe(true);
      expect(lstatSync(join(to, "a")).isSymbolicLink()).toBe(true);
      rmSync(to, { recursive: true });
    }
  });

  test("are themselves replaced where a file has their name", async () => {
    const { to, outside, untouched } = place();
    mkdirSync(to);
    symlinkSync(join(outside, "victim"), join(to, "a"));
    await restore(to, [file("a", "new")]);
    expect(readFileSync(join(to, "a"), "utf8")).toBe("new");
    expect(lstatSync(join(to, "a")).isFile()).toBe(true);
    expect(untouched()).toBe(true);
  });
});

test("whatever the entries, nothing outside the target is touched, and no temporary stays", async () => {
  const segment = fc.constantFrom("a", "b", "..", ".", "", "\0", "outside", "victim");
  const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((segments) => segments.join("/"));
  const target = fc.oneof(path, fc.constantFrom("../outside", "../../outside", "/"));
  const entry = fc.oneof(
    path.map((at) => file(at)),
    path.map((at) => restored({ path: at })),
    fc.tuple(path, target).map(([at, to]) => link(at, to)),
    fc.tuple(path, target).map(([at, to]) => hardlink(at, to)),
  );
  const lists = fc.array(entry, { maxLength: 6 });
  const modes = fc.constantFrom("replace", "merge", "missing");
  await fc.assert(
    fc.asyncProperty(lists, lists, modes, async (first, second, mode) => {
      const { to, untouched } = place();
      const settle = (entries: RestoredEntry[]) =>
        restore(to, entries, { mode }, { threads: false, sync: "never" }).catch((error: unknown) => {
          expect(error).toMatchObject({ name: "LifeboatError" });
        });
      await settle(first);
      await settle(second);
      expect(untouched()).toBe(true);
      expect(namesIn(to).filter((name) => name.includes(".lifeboat"))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

/** Every name in a folder and beneath. Node's own recursive listing follows links from Node 24 on. */
function namesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? [entry.name, ...namesIn(join(folder, entry.name))] : [entry.name],
  );
}
