import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { Writer } from "../src/lib/extract/writer.ts";
import { temporary } from "./tools.ts";

/** Run once, right after a writer has looked at what has this name. */
const meanwhile = vi.hoisted(() => ({ name: "", run: null as (() => void) | null }));

vi.mock("node:fs", async (importOriginal) => {
  const fs = await importOriginal<typeof import("node:fs")>();
  return {
    ...fs,
    lstatSync(path: string, options: object) {
      const stat = fs.lstatSync(path, options);
      const { name, run } = meanwhile;
      if (run === null || !String(path).endsWith(`/${name}`)) return stat;
      meanwhile.run = null;
      run();
      return stat;
    },
  };
});

afterEach(() => {
  meanwhile.run = null;
});

test("two threads that make a directory in place of the same file keep what both put in it", () => {
  const root = temporary();
  writeFileSync(join(root, "a"), "in the way");
  const dress = { mode: 0o644, mtimeMs: 0, uid: -1, gid: -1 };
  const writer = () => new Writer({ root, fresh: false, mode: "merge", operation: "test" });
  const [one, other] = [writer(), writer()];
  meanwhile.name = "a";
  meanwhile.run = () => other.file("a/2", Buffer.from("two"), dress);
  one.file("a/1", Buffer.from("one"), dress);
  other.file("a/3", Buffer.from("three"), dress);
  for (const each of [one, other]) each.clear();
  for (const each of [one, other]) each.close();
  expect(readdirSync(root)).toEqual(["a"]);
  expect(readdirSync(join(root, "a")).sort()).toEqual(["1", "2", "3"]);
});
