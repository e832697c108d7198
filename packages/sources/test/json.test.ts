import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json } from "@lifeboat/contracts";
import { describe, expect, test } from "vitest";
import { json } from "../src/index.ts";
import { all, backedUp, backupContext, content, list, restoreContext, restored, temporary } from "./tools.ts";

function state(value: unknown, loaded: Json[] = []) {
  return json("settings", { dump: () => value as Json, load: (v) => void loaded.push(v), maxBytes: 1000 });
}

describe("a JSON source", () => {
  test("backs up its state as one readable file and loads it again", async () => {
    const loaded: Json[] = [];
    const source = state({ name: "é", list: [1, null, true] }, loaded);
    const entries = await all(source.entries(backupContext()));
    expect(entries.map(({ path, size }) => [path, size])).toEqual([["settings.json", 62]]);
    const text = (await content(entries[0]!.open!())).toString();
    expect(text).toBe('{\n  "name": "é",\n  "list": [\n    1,\n    null,\n    true\n  ]\n}\n');
    await source.restore(restoreContext(), backedUp(entries));
    expect(loaded).toEqual([{ name: "é", list: [1, null, true] }]);
  });

  test.each([
    ["nothing", undefined],
    ["a number that JSON lacks", { a: Number.NaN }],
    ["a big integer", { a: 1n }],
    ["a function", () => 1],
    ["a map", { a: new Map([[1, 2]]) }],
    ["a promise that nobody awaited", { a: Promise.resolve(1) }],
  ])("fails when its dump answers %s", async (_, value) => {
    await expect(all(state(value).entries(backupContext()))).rejects.toMatchObject({ code: "SOURCE_FAILED" });
  });

  test("fails when its dump throws", async () => {
    const dump = () => Promise.reject(new Error("database is locked"));
    const source = json("settings", { dump, load: () => undefined });
    await expect(all(source.entries(backupContext()))).rejects.toMatchObject({
      code: "SOURCE_FAILED",
      message: expect.stringContaining("database is locked"),
    });
  });

  test("writes the file instead where a restore names another place, and touches nothing else there", async () => {
    const loaded: Json[] = [];
    const to = temporary();
    await state({ a: 1 }).restore(restoreContext({ to }), list(restored({ path: "other.json" }, "{}")));
    await state(1, loaded).restore(restoreContext({ to }), list(restored({ path: "settings.json" }, '{"a":2}')));
    expect(readFileSync(join(to, "settings.json"), "utf8")).toBe('{"a":2}');
    expect(readFileSync(join(to, "other.json"), "utf8")).toBe("{}");
    expect(loaded).toEqual([]);
  });

  test.each([
    ["CORRUPT", "is no JSON", restored({ path: "settings.json" }, '{"password": oops')],
    ["CORRUPT", "is no UTF-8", restored({ path: "settings.json" }, Uint8Array.of(34, 0xff, 34))],
    ["INVALID", "is too large", restored({ path: "settings.json" }, `"${"x".repeat(1000)}"`)],
    ["INVALID", "has another name", restored({ path: "../settings.json" }, "{}")],
  ])("refuses with %s what %s, and loads nothing", async (code, _, entry) => {
    const loaded: Json[] = [];
    const restoring = state({}, loaded).restore(restoreContext(), list(entry));
    await expect(restoring).rejects.toMatchObject({ code, message: expect.not.stringContaining("oops") });
    expect(loaded).toEqual([]);
  });

  test("says that a backup lacks its file, unless it was not selected", async () => {
    await expect(state({}).restore(restoreContext(), list())).rejects.toMatchObject({ code: "CORRUPT" });
    await state({}).restore(restoreContext({ partial: true }), list());
  });
});
