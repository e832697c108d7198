import { mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { type DirectoryOptions, directory, json } from "../src/index.ts";
import { syncTree } from "../src/lib/fs/sync-tree.ts";
import { list, restoreContext, restored, temporary } from "./tools.ts";

/** Puts a program `sync` before all others for one test; answers what it was called with. */
function syncProgram(script: string): () => string[] {
  const bin = temporary();
  const calls = join(bin, "calls");
  writeFileSync(calls, "");
  writeFileSync(join(bin, "sync"), `#!/bin/sh\necho "$@" >>${calls}\n${script}\n`, { mode: 0o755 });
  const path = process.env.PATH;
  process.env.PATH = `${bin}:${path}`;
  onTestFinished(() => {
    process.env.PATH = path;
  });
  return () => readFileSync(calls, "utf8").split("\n").filter(Boolean);
}

/** What fsync is called for, for one test. */
async function fsyncs(): Promise<Set<string>> {
  const paths = new Set<string>();
  const some = await open("/dev/null");
  const handles = Object.getPrototypeOf(some) as FileHandle;
  await some.close();
  const sync = vi.spyOn(handles, "sync").mockImplementation(async function (this: FileHandle) {
    paths.add(readlinkSync(`/proc/self/fd/${this.fd}`));
  });
  onTestFinished(() => sync.mockRestore());
  return paths;
}

async function restore(to: string, options: Partial<DirectoryOptions> = {}, context = {}): Promise<void> {
  const source = directory("data", { path: "/nowhere", ...options });
  await source.restore(restoreContext({ to, ...context }), list(restored({ path: "a" }, "a")));
}

describe("what is restored", () => {
  test("is on the disk when the restore resolves, in a new, an empty and a used place", async () => {
    const calls = syncProgram("");
    const root = temporary();
    const empty = join(root, "empty");
    const used = join(root, "used");
    mkdirSync(empty);
    mkdirSync(used);
    writeFileSync(join(used, "b"), "b");
    for (const to of [join(root, "new"), empty, used]) await restore(to);
    await json("state", { dump: () => 1, load: () => undefined }).restore(
      restoreContext({ to: join(root, "json") }),
      list(restored({ path: "state.json" }, "1")),
    );
    expect(calls()).toEqual(["new", "empty", "used", "json"].map((name) => `-f -- ${join(root, name)}`));
  });

  test("is left to the system where that is asked for, and in drills", async () => {
    const calls = syncProgram("");
    await restore(join(temporary(), "new"), { sync: "never" });
    await restore(join(temporary(), "new"), {}, { durable: false });
    expect(calls()).toEqual([]);
  });

  test.each([{}, { threads: false }])(
    "is synced file by file where the system has no such program (%o)",
    async (more) => {
      const calls = syncProgram("exit 1");
      const to = join(temporary(), "new");
      await restore(to, more);
      expect(calls().length).toBe(1);
      expect(readFileSync(join(to, "a"), "utf8")).toBe("a");
    },
  );

  test("is, file by file, also the way to it: a new place hangs by the directories above", async () => {
    syncProgram("exit 1");
    const synced = await fsyncs();
    const root = temporary();
    await restore(join(root, "new/er/newest"), { threads: false });
    expect([...synced]).toEqual(
      expect.arrayContaining(["new/er/newest/a", "new/er/newest", "new/er", "new", ""].map((path) => join(root, path))),
    );
  });

  test("is synced file by file after an early flush has failed: a later one is not told of that again", async () => {
    const mark = join(temporary(), "failed");
    const calls = syncProgram(`test -e ${mark} && exit 0; : >${mark}; exit 1`);
    const synced = await fsyncs();
    const to = join(temporary(), "new");
    const size = 512 * 1024 - 1;
    const files = Array.from({ length: 260 }, (_, n) => ({
      ...restored({ path: `f${n}` }, ""),
      size,
      copyTo: () => size,
    }));
    await directory("data", { path: "/nowhere", threads: false }).restore(restoreContext({ to }), list(...files));
    expect(calls().length).toBe(1);
    expect(synced.has(join(to, "f0"))).toBe(true);
  });

  test("is, file by file, only what was changed since", async () => {
    const root = temporary();
    mkdirSync(join(root, "d/e"), { recursive: true });
    writeFileSync(join(root, "d/old"), "");
    const old = statSync(join(root, "d/old")).ctimeMs;
    await pause(100); // the file system's clock goes on
    for (const path of ["new", "d/e/new"]) writeFileSync(join(root, path), "");
    utimesSync(join(root, "d/e/new"), 0, 0);
    symlinkSync("nowhere", join(root, "link"));
    expect(await syncTree(root, old + 50)).toBe(2);
    expect(await syncTree(root, 0)).toBe(3);
  });
});
