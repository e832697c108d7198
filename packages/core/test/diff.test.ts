import { archive } from "@lifeboat/archive";
import type { EntryInfo, SourceEntry } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EntryChange } from "../src/index.ts";
import { pairListings } from "../src/lib/diff/listing.ts";
import { comparePaths } from "../src/lib/diff/path-order.ts";
import { twoSites } from "./copy-support.ts";
import { collect, keys, textEntry, texts } from "./support.ts";

const coded = (code: string, message = /./) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

/** A source whose entries can be changed between backups. */
function state(entries: SourceEntry[]) {
  const holder = { entries };
  const source = texts(
    "data",
    {},
    {
      async *entries() {
        yield* holder.entries;
      },
      mayBeEmpty: true,
    },
  );
  return Object.assign(source, { holder });
}

const told = (changes: readonly EntryChange[]) =>
  changes.map(
    (each) => `${each.change} ${each.path}${each.change === "changed" ? `: ${each.differences.join(", ")}` : ""}`,
  );

describe("a comparison of two backups", () => {
  it("tells what was created, changed and removed, and in what it differs", async () => {
    const dir = (path: string): SourceEntry => ({ path, type: "directory", mode: 0o755, mtimeMs: 1 });
    const link = (path: string, target: string): SourceEntry => ({
      path,
      type: "symlink",
      target,
      mode: 0o777,
      mtimeMs: 1,
    });
    const source = state([
      dir("d"),
      textEntry("d/content", "one"),
      textEntry("d/gone", "four"),
      textEntry("d/mode", "x"),
      textEntry("d/owner", "x"),
      textEntry("d/same", "same"),
      textEntry("d/time", "x"),
      link("d/to", "a"),
      textEntry("d/type", "x"),
    ]);
    const { engine } = twoSites({ sources: [source, texts("settings", { a: "1" })] });
    const before = await engine.backup({ site: "here" });
    source.holder.entries = [
      dir("d"),
      textEntry("d/content", "two"),
      { ...textEntry("d/mode", "x"), mode: 0o600 },
      textEntry("d/new", "seven77"),
      { ...textEntry("d/owner", "x"), uid: 1 },
      textEntry("d/same", "same"),
      { ...textEntry("d/time", "x"), mtimeMs: 5 },
      link("d/to", "b"),
      link("d/type", "x"),
    ];
    const after = await engine.backup({ site: "here" });
    const [a, b] = [
      { site: "here", id: before.id },
      { site: "here", id: after.id },
    ] as const;
    const diff = engine.diff(a, b);
    const changes = await collect(diff);
    expect(told(changes)).toEqual([
      "changed d/content: content",
      "removed d/gone",
      "changed d/mode: mode",
      "created d/new",
      "changed d/owner: owner",
      "changed d/time: time",
      "changed d/to: target",
      "changed d/type: type",
    ]);
    expect(changes[0]).toMatchObject({ source: "data", before: { size: 3 }, after: { size: 3 }, evidence: "content" });
    expect(Object.keys(changes[0] ?? {})).not.toContain("open");
    const numbers = { created: 1, changed: 6, removed: 1, createdBytes: 7, changedBytes: 3, removedBytes: 4 };
    expect(await diff.summary()).toEqual({
      ...numbers,
      same: false,
      unchanged: 3,
      bySizeAndTime: 0,
      sources: [
        { source: "data", in: "both", sameScope: true, ...numbers, unchanged: 2, bySizeAndTime: 0 },
        expect.objectContaining({ source: "settings", unchanged: 1, created: 0, changed: 0, removed: 0 }),
      ],
    });
    expect(told(await collect(engine.diff(a, b, { metadata: false })))).toEqual([
      "changed d/content: content",
      "removed d/gone",
      "created d/new",
      "changed d/to: target",
      "changed d/type: type",
    ]);
    const unchanged = await collect(engine.diff(a, b, { unchanged: true, sources: ["settings"] }));
    expect(unchanged).toMatchObject([{ change: "unchanged", source: "settings", path: "a", evidence: "content" }]);
    expect(await engine.diff(b, b).summary()).toMatchObject({ same: true, unchanged: 10 });
    expect(await engine.diff(b, a).summary()).toMatchObject({
      created: 1,
      removed: 1,
      createdBytes: 4,
      removedBytes: 7,
    });
  });

  it("tells which sources only one of them has, and which were asked for something else", async () => {
    const { engine } = twoSites({
      sources: [texts("a", { "x/1": "1" }), texts("b", { "2": "22" }), texts("c", { "3": "333" })],
    });
    const first = await engine.backup({ site: "here", sources: { a: { folders: ["x"] }, b: true } });
    const second = await engine.backup({ site: "here", sources: ["a", "c"] });
    const diff = engine.diff({ site: "here", id: first.id }, { site: "here", id: second.id });
    expect(told(await collect(diff))).toEqual(["removed 2", "created 3"]);
    expect((await diff.summary()).sources).toMatchObject([
      { source: "a", in: "both", sameScope: false, unchanged: 1 },
      { source: "b", in: "first", removed: 1, removedBytes: 2 },
      { source: "c", in: "second", created: 1, createdBytes: 3 },
    ]);
  });

  it("is refused for what is not there, and tells of damage", async () => {
    const { engine, here } = twoSites({ sources: [texts("a", { x: "1" })] });
    const { id } = await engine.backup({ site: "here" });
    const a = { site: "here", id } as const;
    await expect(engine.diff(a, { site: "there", id }).summary()).rejects.toThrow(coded("NOT_FOUND"));
    const other = { site: "here", id: id.replace(/^..../, "1999") } as const;
    await expect(engine.diff(a, other).summary()).rejects.toThrow(coded("NOT_FOUND"));
    await expect(engine.diff(a, a, { sources: ["b"] }).summary()).rejects.toThrow(
      coded("NOT_FOUND", /has a source "b"/),
    );
    // @ts-expect-error a site that does not exist
    await expect(engine.diff(a, { site: "x", id }).summary()).rejects.toThrow(coded("NOT_FOUND"));
    const [object = ""] = await keys(here, `backups/${id}/a`);
    await here.put(object, Buffer.from("nothing"));
    await expect(engine.diff(a, a).summary()).rejects.toThrow(coded("CORRUPT"));
  });

  it("keeps both backups from being deleted while it is read, and lets go of them when it is left", async () => {
    const { engine } = twoSites({ sources: [texts("a", { x: "1", y: "2" })] });
    const { id } = await engine.backup({ site: "here" });
    const a = { site: "here", id } as const;
    for await (const _ of engine.diff(a, a, { unchanged: true })) {
      await expect(engine.backups.delete(a)).rejects.toThrow(coded("LOCKED"));
      break;
    }
    await engine.backups.delete(a);
  });

  it("stops where it is aborted", async () => {
    const { engine } = twoSites({ sources: [texts("a", { x: "1", y: "2" })] });
    const { id } = await engine.backup({ site: "here" });
    const a = { site: "here", id } as const;
    const controller = new AbortController();
    const reason = new Error("enough");
    const reading = (async () => {
      for await (const _ of engine.diff(a, a, { unchanged: true, signal: controller.signal })) controller.abort(reason);
    })();
    await expect(reading).rejects.toBe(reason);
    const aborted = AbortSignal.abort(reason);
    await expect(engine.diff({ ...a, signal: aborted }, a).summary()).rejects.toBe(reason);
  });
});

describe("formats that do not tell content by a digest", () => {
  const format = archive();
  const silent = {
    ...format,
    open(site: Parameters<typeof format.open>[0]) {
      const repository = format.open(site);
      return {
        ...repository,
        async *entries(...args: Parameters<typeof repository.entries>) {
          for await (const { sha256: _, ...info } of repository.entries(...args)) yield info;
        },
        async *read(...args: Parameters<typeof repository.read>) {
          for await (const entry of repository.read(...args)) {
            const { sha256: _, ...info } = entry;
            yield { ...info, open: (options?: Parameters<typeof entry.open>[0]) => entry.open(options) };
          }
        },
      };
    },
  };

  it("are compared by size and time, or, asked for, by reading what only the lists leave open", async () => {
    const source = state([textEntry("kept", "12"), textEntry("same", "12"), textEntry("touched", "12")]);
    const { engine } = twoSites({ sources: [source], formats: { there: silent } });
    const first = await engine.backup({ site: "here" });
    source.holder.entries = [
      textEntry("kept", "13"), // as a program does that puts the time back
      textEntry("same", "12"),
      { ...textEntry("touched", "12"), mtimeMs: 7 },
    ];
    const second = await engine.backup({ site: "there" });
    const [a, b] = [
      { site: "here", id: first.id },
      { site: "there", id: second.id },
    ] as const;
    const byTime = engine.diff(a, b, { metadata: false });
    expect(told(await collect(byTime))).toEqual(["changed touched: content"]);
    expect((await byTime.summary()).bySizeAndTime).toBe(3);
    for (const [left, right] of [
      [a, b],
      [b, a],
      [b, b],
    ] as const) {
      const byContent = engine.diff(left, right, { metadata: false, content: "read" });
      expect(told(await collect(byContent))).toEqual(left === right ? [] : ["changed kept: content"]);
      expect((await byContent.summary()).bySizeAndTime).toBe(0);
    }
  });

  it("are copied, and the copy is compared by content where that is asked for", async () => {
    const { engine } = twoSites({ sources: [texts("a", { x: "1" })], formats: { here: silent } });
    await engine.backup({ site: "here" });
    expect(await engine.copy({ from: "here", to: "there", verify: "content" })).toMatchObject({ ok: true });
  });
});

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

describe("entries are paired by their paths", () => {
  const info = (path: string): EntryInfo => ({ path, type: "file", size: 0, mode: 0, mtimeMs: 0 });
  const listing = (paths: readonly string[]) => {
    let passes = 0;
    let most = 0;
    async function* list(wanted: (entry: EntryInfo) => boolean = () => true) {
      passes += 1;
      let given = 0;
      for (const path of paths) {
        if (!wanted(info(path))) continue;
        given += 1;
        yield info(path);
      }
      most = Math.max(most, given);
    }
    return { entries: paths.length, list: () => list(), compared: list, passes: () => passes, most: () => most };
  };
  const path = fc
    .array(fc.constantFrom("a", "a!", "b", "ä", "\u{10348}", "\uffee", "\udc80"), { minLength: 1, maxLength: 3 })
    .map((names) => names.join("/"));

  it("whatever their order, and however many are held at once", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(path),
        fc.uniqueArray(path),
        fc.integer({ min: 1, max: 8 }),
        async (a, b, held) => {
          const pairs = await collect(pairListings(listing(a), listing(b), held));
          const all = [...new Set([...a, ...b])].sort(byText);
          expect(pairs.map(({ before, after }) => before?.path ?? after?.path ?? "").sort(byText)).toEqual(all);
          for (const { before, after } of pairs) {
            const name = before?.path ?? after?.path ?? "";
            expect([before !== undefined, after !== undefined]).toEqual([a.includes(name), b.includes(name)]);
          }
        },
      ),
    );
  });

  it("in one pass each, and one to look, where both are in the order of a walk", async () => {
    const paths = ["a", "a/b", "a/c", "a!", "a.b", "b"];
    expect([...paths].reverse().sort(comparePaths)).toEqual(paths);
    const [a, b] = [listing(paths), listing(paths.slice(2))];
    const pairs = await collect(pairListings(a, b, 2));
    expect(pairs.map(({ before }) => before?.path)).toEqual(paths);
    expect([a.passes(), b.passes()]).toEqual([2, 2]);
  });

  it("in portions where a long list is in no order", async () => {
    const paths = Array.from({ length: 1000 }, (_, n) => `f${(n * 7919) % 1000}`);
    const [a, b] = [listing(paths), listing([...paths].reverse())];
    expect(await collect(pairListings(a, b, 100))).toHaveLength(1000);
    expect(a.passes()).toBe(11);
    expect(a.most()).toBeGreaterThan(0);
  });

  it("in the order of their bytes, as a walk meets them", () => {
    const bytes = (text: string) => Buffer.from(text).map((byte) => (byte === 0x2f ? 0 : byte));
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
        fc.pre(!/[\0]/.test(a + b));
        expect(Math.sign(comparePaths(a, b))).toBe(Buffer.compare(bytes(a), bytes(b)));
      }),
    );
  });
});
