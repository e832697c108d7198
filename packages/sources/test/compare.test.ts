import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  lchownSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { ContentIdentity, EntryInfo, RestoreChange, RestoreCheckContext, Source } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { command, directory, json } from "../src/index.ts";
import {
  all,
  app,
  backedUp,
  backupContext,
  content,
  list,
  restoreContext,
  restored,
  temporary,
  unprivileged,
} from "./tools.ts";

/** A backup's entries as its listing shows them. */
async function infos(source: Source): Promise<EntryInfo[]> {
  const entries = await all(source.entries(backupContext()));
  return Promise.all(
    entries.map(async (entry): Promise<EntryInfo> => {
      const { path, type, mode, mtimeMs, uid = -1, gid = -1, target, section } = entry;
      const bytes = entry.open === undefined ? Buffer.alloc(0) : await content(entry.open());
      const optional = { ...(target === undefined ? {} : { target }), ...(section === undefined ? {} : { section }) };
      const sha256 = type === "file" ? { sha256: createHash("sha256").update(bytes).digest("hex") } : {};
      return { path, type, mode, uid, gid, mtimeMs: Math.floor(mtimeMs), size: bytes.length, ...optional, ...sha256 };
    }),
  );
}

function checkContext(more: Partial<RestoreCheckContext> = {}): RestoreCheckContext {
  const signal = new AbortController().signal;
  return { app, signal, mode: "replace", partial: false, description: {}, size: 0, entries: 0, ...more };
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function changes(source: Source, entries: readonly EntryInfo[], more = {}): Promise<Record<string, string>> {
  const found: RestoreChange[] = await all(source.compare!(checkContext(more), each(entries)));
  return Object.fromEntries(found.map(({ path, action, size }) => [path, `${action} ${size}`]));
}

function live(): string {
  const root = temporary();
  mkdirSync(join(root, "d"));
  for (const name of ["d/same", "d/edited", "touched", "chmodded", "gone", "kind"])
    writeFileSync(join(root, name), name);
  linkSync(join(root, "d/same"), join(root, "hard"));
  symlinkSync("d", join(root, "soft"));
  utimesSync(join(root, "d"), 1e9, 1e9);
  return root;
}

describe("what a restore would change", () => {
  test("is nothing where nothing changed", async () => {
    const root = live();
    for (const threads of [true, false]) {
      const source = directory("data", { path: root, threads });
      const found = await changes(source, await infos(source));
      expect(new Set(Object.values(found))).toEqual(new Set(["unchanged 0"]));
    }
  });

  test.runIf(process.geteuid?.() === 0)(
    "is told for what belongs to another now, where owners can be restored",
    async () => {
      const root = live();
      const source = directory("data", { path: root });
      const entries = await infos(source);
      for (const name of ["d", "d/edited", "soft"]) lchownSync(join(root, name), 1234, 1234);
      utimesSync(join(root, "d"), 1e9, 1e9);
      const found = await changes(source, entries);
      const changed = Object.keys(found).filter((path) => !found[path]!.startsWith("unchanged"));
      expect(changed).toEqual(["d", "d/edited", "soft"]);
      const asAnyone = await unprivileged(() => changes(source, entries));
      expect(Object.keys(asAnyone).filter((path) => !asAnyone[path]!.startsWith("unchanged"))).toEqual([]);
    },
  );

  test.each([true, false])("leaves nothing open where it is left early (threads: %s)", async (threads) => {
    const source = directory("data", { path: live(), threads });
    const entries = Array.from({ length: 600 }, (_, i) => restored({ path: `d/${i}` }, ""));
    const opened = () => readdirSync("/proc/self/fd").filter((fd) => at(fd).includes("lifeboat-sources-"));
    const at = (fd: string) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return ""; // the one that read the list
      }
    };
    for await (const { path } of source.compare!(checkContext(), each(entries))) if (path === "d/0") break;
    expect(opened()).toEqual([]);
  });

  test("is told entry by entry, extras last", async () => {
    const root = live();
    const source = directory("data", { path: root, exclude: ["*.tmp"] });
    const entries = await infos(source);
    const { mtimeMs } = entries.find(({ path }) => path === "d/edited")!;
    writeFileSync(join(root, "d/edited"), "d/EDITED");
    utimesSync(join(root, "d/edited"), mtimeMs / 1000, mtimeMs / 1000 + 0.000_000_5);
    utimesSync(join(root, "touched"), 1e9, 1e9);
    chmodSync(join(root, "chmodded"), 0o600);
    rmSync(join(root, "gone"));
    rmSync(join(root, "kind"));
    mkdirSync(join(root, "kind"));
    rmSync(join(root, "soft"));
    symlinkSync("elsewhere", join(root, "soft"));
    rmSync(join(root, "hard"));
    writeFileSync(join(root, "hard"), "d/same");
    for (const extra of ["kind/extra", "extra", "extra.tmp"]) writeFileSync(join(root, extra), "");
    expect(await changes(source, entries)).toEqual({
      d: "unchanged 0",
      "d/edited": "replace 8",
      "d/same": "unchanged 0",
      chmodded: "replace 8",
      gone: "create 4",
      hard: "replace 0",
      kind: "replace 4",
      soft: "replace 0",
      touched: "replace 7",
      extra: "remove 0",
      "kind/extra": "remove 0",
    });
    const merged = await changes(source, entries, { mode: "merge" });
    expect(Object.values(merged)).not.toContain("remove 0");
    const missing = await changes(source, entries, { mode: "missing" });
    expect(Object.entries(missing).filter(([, action]) => action !== "unchanged 0")).toEqual([["gone", "create 4"]]);
  });

  test("is everything where there is nothing, and nothing is looked at through a link", async () => {
    const root = live();
    const source = directory("data", { path: root });
    const entries = await infos(source);
    const creates = await changes(source, entries, { to: join(temporary(), "absent") });
    expect(new Set(Object.values(creates).map((action) => action.split(" ")[0]))).toEqual(new Set(["create"]));
    renameSync(join(root, "d"), join(root, "moved"));
    symlinkSync("moved", join(root, "d"));
    const linked = await changes(source, entries, { mode: "merge" });
    expect(linked).toMatchObject({ d: "replace 0", "d/same": "create 6" });
  });

  test("and what it then does are the same", async () => {
    const name = fc.constantFrom("a", "b", "c", "d.tmp");
    const paths = fc.uniqueArray(
      fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/")),
      { maxLength: 8 },
    );
    const build = (root: string, files: readonly string[], text: string) => {
      for (const path of files) {
        try {
          mkdirSync(join(root, path, ".."), { recursive: true });
          writeFileSync(join(root, path), `${text} ${path}`);
        } catch {
          // one path is a file where another needs a directory: the tree is what could be made
        }
      }
    };
    const modes = fc.constantFrom("replace", "merge", "missing");
    await fc.assert(
      fc.asyncProperty(paths, paths, modes, async (then, now, mode) => {
        const [from, to] = [temporary(), temporary()];
        build(from, then, "then");
        build(to, now, "now");
        const options = { exclude: ["**/*.tmp"], threads: false };
        const backup = directory("data", { path: from, ...options });
        const source = directory("data", { path: to, ...options });
        const entries = await infos(backup);
        const left = () => readdirSync(to, { recursive: true }).filter((path) => String(path).includes(".tmp"));
        const kept = left();
        const files = kept.filter((path) => statSync(join(to, String(path))).isFile());
        const covered = (path: unknown) =>
          entries.some((entry) => entry.type !== "directory" && String(path).startsWith(`${entry.path}/`));
        const loses = mode !== "missing" && files.some(covered);
        const planning = changes(source, entries, { mode });
        if (loses) {
          await expect(planning).rejects.toMatchObject({ code: "CONFLICT" });
          return;
        }
        const planned = await planning;
        const before = new Map((await infos(source)).map((entry) => [entry.path, entry]));
        await source.restore(restoreContext({ mode }), backedUp(await all(backup.entries(backupContext()))));
        const after = new Map((await infos(source)).map((entry) => [entry.path, entry]));
        for (const [path, action] of Object.entries(planned)) {
          const [was, is] = [before.get(path), after.get(path)];
          if (action.startsWith("create")) expect([was, is === undefined]).toEqual([undefined, false]);
          else if (action.startsWith("replace")) expect(is).toEqual(entries.find((entry) => entry.path === path));
          else if (action.startsWith("remove") && !kept.some((at) => String(at).startsWith(path)))
            expect(is).toBeUndefined();
          else if (action.startsWith("unchanged") && is?.type === "file") expect(is).toEqual(was);
        }
        if (mode === "replace") for (const entry of entries) expect(after.get(entry.path)).toEqual(entry);
        expect(left()).toEqual(expect.arrayContaining(kept.filter((path) => !covered(path))));
      }),
      { numRuns: 60 },
    );
  });

  test("is found by what else a format tells content by, where it keeps no SHA-256", async () => {
    const source = directory("data", { path: live() });
    const known = await infos(source);
    const asked: string[] = [];
    const identity = (same: boolean): ContentIdentity => ({
      equals: () => null,
      matches: async () => same,
      async matchesFile(path) {
        asked.push(path);
        return same;
      },
    });
    const told = (same: boolean) =>
      known.map(({ sha256, ...entry }) => (sha256 === undefined ? entry : { ...entry, content: identity(same) }));
    const root = source.localDirectories?.[0] ?? "";
    expect(Object.values(await changes(source, told(true)))).toEqual(known.map(() => "unchanged 0"));
    expect(asked).toContain(join(root, "d/same"));
    expect(await changes(source, told(false))).toMatchObject({ "d/same": "replace 6", d: "unchanged 0" });
    writeFileSync(join(root, "d/edited"), "another length");
    asked.length = 0;
    expect(await changes(source, told(true))).toMatchObject({ "d/edited": "replace 8" });
    expect(asked).not.toContain(join(root, "d/edited")); // its size alone tells
    const state = json("settings", { dump: () => ({ a: 1 }), load: () => undefined });
    const [{ sha256: _, ...entry }] = (await infos(state)) as [EntryInfo];
    expect(await changes(state, [{ ...entry, content: identity(true) }])).toEqual({ "settings.json": "unchanged 0" });
    expect(await changes(state, [{ ...entry, content: identity(false) }])).toEqual({ "settings.json": "replace 13" });
    expect(await changes(state, [entry])).toEqual({ "settings.json": "replace 13" });
  });

  test("is told of JSON states and commands too", async () => {
    const state = json("settings", { dump: () => ({ a: 1 }), load: () => undefined });
    const [entry] = await infos(state);
    expect(await changes(state, [entry!])).toEqual({ "settings.json": "unchanged 0" });
    expect(await changes(state, [{ ...entry!, sha256: "0" }])).toEqual({ "settings.json": "replace 13" });
    const dump = command("db", { command: ["true"] });
    const old = { ...entry!, path: "db.dump", size: 7 };
    expect(await changes(dump, [old])).toEqual({ "db.dump": "replace 7" });
    expect(await changes(dump, [old], { mode: "missing" })).toEqual({ "db.dump": "unchanged 0" });
    const echo = command("db", { command: ["printf", "%s", "rows"] });
    expect(await changes(echo, await infos(echo))).toEqual({ "db.dump": "unchanged 0" });
    const longer = command("db", { command: ["yes"] });
    expect(await changes(longer, [old])).toEqual({ "db.dump": "replace 7" });
  });
});

describe("checks before a restore", () => {
  const codes = async (source: Source, more: Partial<RestoreCheckContext> = {}) =>
    (await source.check!(checkContext(more))).map(({ level, code }) => `${level} ${code}`);

  test("find nothing wrong with a good place, even one that is yet to be made", async () => {
    const source = directory("data", { path: temporary() });
    expect(await codes(source)).toEqual([]);
    expect(await codes(source, { to: join(temporary(), "a/b/c") })).toEqual([]);
  });

  test("find too little room", async () => {
    const source = directory("data", { path: temporary() });
    expect(await codes(source, { size: 2 ** 60 })).toEqual(["error free-space"]);
    const state = json("state", { dump: () => 1, load: () => undefined });
    expect(await codes(state, { size: 2 ** 60 })).toEqual([]);
    expect(await codes(state, { size: 2 ** 60, to: temporary() })).toEqual(["error free-space"]);
  });

  test("find that a place is no directory", async () => {
    const root = temporary();
    writeFileSync(join(root, "file"), "");
    expect(await codes(directory("data", { path: join(root, "file") }))).toEqual(["error target-writable"]);
  });

  test.runIf(process.geteuid?.() === 0)("mention owners that will not come back", async () => {
    const root = temporary();
    chmodSync(root, 0o777);
    expect(await unprivileged(() => codes(directory("data", { path: root })))).toEqual(["info owners"]);
  });

  test("come with the host's own", async () => {
    const check = async () => [{ level: "warning", code: "camera-model", message: "It differs." } as const];
    expect(await codes(directory("data", { path: temporary(), check }))).toEqual(["warning camera-model"]);
  });
});

test("what the host adds to a source is passed through", async () => {
  const hooks = { beforeBackup: () => undefined };
  const describing = async () => ({ camera: "imx477" });
  const validate = async () => [];
  const common = { title: "Title", version: "3", hooks, describe: describing, validate };
  for (const source of [
    directory("x", { path: "/x", ...common }),
    json("x", { dump: () => 1, load: () => undefined, ...common }),
    command("x", { command: ["true"], ...common }),
  ]) {
    expect(source).toMatchObject({ id: "x", ...common });
  }
  expect(() => directory("X y", { path: "/x" })).toThrow(expect.objectContaining({ code: "INVALID" }));
  expect(() => directory("x", { path: "" })).toThrow(expect.objectContaining({ code: "INVALID" }));
  await directory("x", { path: "/x" }).restore(restoreContext({ to: temporary() }), list(restored({ path: "a" }, "a")));
});

describe("a directory that a file of the backup has the name of", () => {
  const entry: EntryInfo = { path: "a", type: "file", size: 1, mode: 0o644, mtimeMs: 0 };
  const conflict = (key: string) => expect.objectContaining({ code: "CONFLICT", key });

  test.each(["replace", "merge"] as const)("is never taken for what the source leaves out (%s)", async (mode) => {
    const root = temporary();
    mkdirSync(join(root, "a/cache"), { recursive: true });
    mkdirSync(join(root, "b/empty"), { recursive: true });
    for (const path of ["a/x", "a/cache/precious"]) writeFileSync(join(root, path), "");
    const comparing = (exclude: string[], more = {}) =>
      changes(directory("data", { path: root, exclude }), [entry, { ...entry, path: "b" }], { mode, ...more });
    await expect(comparing(["**/cache"])).rejects.toThrow(conflict("a/cache/precious"));
    await expect(comparing([], { spare: ["a/x"] })).rejects.toThrow(conflict("a/x"));
    await expect(comparing([], { scope: null })).rejects.toThrow(conflict("a/cache/precious"));
    const scope = { filter: { exclude: ["a/x"] }, oneFileSystem: false };
    await expect(comparing([], { scope })).rejects.toThrow(conflict("a/x"));
    expect(await comparing([])).toMatchObject({ a: "replace 1", b: "replace 1" });
    expect(await comparing([], { mode: "missing", scope: null })).toMatchObject({ a: "unchanged 0" });
  });

  test("is never taken for a site in it, or for what is no file", async () => {
    const root = temporary();
    mkdirSync(join(root, "a/site"), { recursive: true });
    writeFileSync(join(root, "a/site/lifeboat.json"), "{}");
    const source = directory("data", { path: root });
    await expect(changes(source, [entry])).rejects.toThrow(conflict("a/site/lifeboat.json"));
    rmSync(join(root, "a/site/lifeboat.json"));
    execFileSync("mkfifo", [join(root, "a/pipe")]);
    await expect(changes(source, [entry])).rejects.toThrow(conflict("a/pipe"));
  });
});
