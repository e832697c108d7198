import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { pathToBytes, type SourceEntry } from "@lifeboat/contracts";
import { describe, expect, test } from "vitest";
import { type DirectoryOptions, directory, files } from "../src/index.ts";
import { all, backupContext, content, roundTrip, temporary, unprivileged } from "./tools.ts";

/** Makes files and, where the name ends in a slash, directories. */
function tree(...names: string[]): string {
  const root = temporary();
  for (const name of names) {
    mkdirSync(join(root, name, name.endsWith("/") ? "." : ".."), { recursive: true });
    if (!name.endsWith("/")) writeFileSync(join(root, name), `content of ${name}`);
  }
  return root;
}

async function paths(root: string, options: Partial<DirectoryOptions> = {}, context = {}): Promise<string[]> {
  const entries = await all(directory("data", { path: root, ...options }).entries(backupContext(context)));
  return entries.map(({ path, type }) => (type === "directory" ? `${path}/` : path));
}

describe("what is taken of a directory", () => {
  const root = () => tree("a.log", "b.txt", "cache/x", "cache/deep/y", "d/a.log", "d/.hidden", "d/e/", "media/1.jpg");

  test.each<[string, Partial<DirectoryOptions>, string]>([
    [
      "everything by default",
      {},
      "a.log b.txt cache/ cache/deep/ cache/deep/y cache/x d/ d/.hidden d/a.log d/e/ media/ media/1.jpg",
    ],
    [
      "a pattern without a slash is about the top",
      { exclude: ["*.log", "cache", "media"] },
      "b.txt d/ d/.hidden d/a.log d/e/",
    ],
    ["** is about any depth", { exclude: ["**/*.log", "cache", "media"] }, "b.txt d/ d/.hidden d/e/"],
    ["x/** keeps the directory itself", { exclude: ["cache/**", "d/**"] }, "a.log b.txt cache/ d/ media/ media/1.jpg"],
    ["a slash at the end is about directories only", { exclude: ["*/", "a.log/"] }, "a.log b.txt"],
    ["only what is included, and the way to it", { include: ["**/*.jpg", "d/e"] }, "d/ d/e/ media/ media/1.jpg"],
    ["what is beneath an included directory", { include: ["cache"] }, "cache/ cache/deep/ cache/deep/y cache/x"],
    ["exclusion wins", { include: ["cache/**"], exclude: ["cache/deep"] }, "cache/ cache/x"],
  ])("%s", async (_, options, expected) => {
    expect((await paths(root(), options)).join(" ")).toBe(expected);
  });

  test.each([[""], ["/etc"], ["../x"], ["a/../b"], ["./a"], ["a//b"], ["!a"], ["[a"], ["(a"], ["a\0b"]])(
    "the pattern %j is refused when the source is made",
    (pattern) => {
      for (const options of [
        { include: [pattern] },
        { exclude: [pattern] },
        { sections: { s: { include: [pattern] } } },
      ]) {
        expect(() => directory("data", { path: "/x", ...options })).toThrow(
          expect.objectContaining({ code: "INVALID" }),
        );
      }
    },
  );

  test("an excluded directory is not even opened", async () => {
    const at = tree("a", "secret/x", "cache/y");
    chmodSync(join(at, "secret"), 0);
    chmodSync(join(at, "cache"), 0);
    const context = backupContext();
    const source = directory("data", { path: at, exclude: ["secret", "cache/**"] });
    expect((await unprivileged(() => all(source.entries(context)))).map(({ path }) => path)).toEqual(["a", "cache"]);
    expect(context.problems).toEqual([]);
    chmodSync(join(at, "cache"), 0o700);
  });
});

describe("sections", () => {
  const sections = {
    modules: { include: ["modules"] },
    database: { include: ["*.db", "db"] },
    core: { include: ["core/**"], optional: false },
  };
  const root = () => tree("core/c", "db/x", "modules/m", "other", "y.db");

  test("are all taken unless some are chosen, and named on their entries", async () => {
    const entries = await all(directory("data", { path: root(), sections }).entries(backupContext()));
    expect(entries.map(({ path, section }) => `${path}:${section ?? ""}`).join(" ")).toBe(
      "core:core core/c:core db:database db/x:database modules:modules modules/m:modules other: y.db:database",
    );
  });

  test("are left out unless chosen; what is not optional, or in none, is always taken", async () => {
    const chosen = (names: string[]) => paths(root(), { sections }, { sections: names });
    expect((await chosen(["database"])).join(" ")).toBe("core/ core/c db/ db/x other y.db");
    expect((await chosen([])).join(" ")).toBe("core/ core/c other");
  });

  test("that do not exist cannot be chosen", async () => {
    const error = await paths(root(), { sections }, { sections: ["module"] }).catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: "INVALID", message: expect.stringContaining("modules, database, core") });
  });
});

describe("chosen folders", () => {
  test("are taken with the directories on the way to them, and nothing else", async () => {
    const root = tree("2026-11-18/a", "2026-11-19/b", "2026-11-19/night/c", "z/y/x/w", "z/y/v");
    const folders = ["2026-11-19/", "z/y/x", "2026-11-19/night"];
    expect((await paths(root, {}, { folders })).join(" ")).toBe(
      "2026-11-19/ 2026-11-19/b 2026-11-19/night/ 2026-11-19/night/c z/ z/y/ z/y/x/ z/y/x/w",
    );
  });

  test.each([
    ["that does not exist", "NOT_FOUND", ["a", "b"], "b"],
    ["beneath a file", "NOT_FOUND", ["a/x/y"], "a/x/y"],
    ["through a link", "NOT_FOUND", ["link/x"], "link/x"],
    ["outside", "INVALID", ["../x"], "../x"],
    ["that the source leaves out", "INVALID", ["cache/x"], "cache/x"],
  ])("one %s is refused with %s", async (_, code, folders, key) => {
    const root = tree("a/x", "cache/x/y");
    symlinkSync("a", join(root, "link"));
    await expect(paths(root, { exclude: ["cache/**"] }, { folders })).rejects.toMatchObject({ code, key });
  });
});

describe("what cannot be taken as it is", () => {
  test("a directory that is not there fails the backup; it is never an empty success", async () => {
    const at = join(temporary(), "unmounted");
    await expect(paths(at)).rejects.toMatchObject({ code: "SOURCE_FAILED", hint: expect.stringContaining("mounted") });
  });

  test("sockets and pipes are reported, left out, and never opened", async () => {
    const root = tree("a");
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(root, "pipe")]);
    const server = createServer().listen(join(root, "socket"));
    await new Promise((resolve) => server.once("listening", resolve));
    const context = backupContext();
    const entries = await all(directory("data", { path: root }).entries(context));
    server.close();
    expect(entries.map(({ path }) => path)).toEqual(["a"]);
    expect(context.problems.map(({ path, code }) => [path, code])).toEqual([
      ["pipe", "UNSUPPORTED"],
      ["socket", "UNSUPPORTED"],
    ]);
  });

  test("an unreadable directory is reported, and the rest is taken", async () => {
    const root = tree("a", "b/c", "d");
    chmodSync(join(root, "b"), 0);
    const context = backupContext();
    const entries = await unprivileged(() => all(directory("data", { path: root }).entries(context)));
    chmodSync(join(root, "b"), 0o700);
    expect(entries.map(({ path }) => path)).toEqual(["a", "b", "d"]);
    expect(context.problems).toMatchObject([{ path: "b", code: "PERMISSION_DENIED" }]);
  });

  test("what vanishes during the walk is reported, and the rest is taken", async () => {
    const names = Array.from({ length: 1200 }, (_, i) => `f${String(i).padStart(4, "0")}`);
    const root = tree(...names, "zz/a");
    const context = backupContext();
    let seen = 0;
    for await (const _ of directory("data", { path: root }).entries(context)) {
      seen += 1;
      if (seen === 1) rmSync(join(root, "zz"), { recursive: true });
      if (seen === 1) rmSync(join(root, "f1199"));
    }
    expect(seen).toBe(1199);
    expect(context.problems).toMatchObject([
      { path: "f1199", code: "NOT_FOUND" },
      { path: "zz", code: "NOT_FOUND" },
    ]);
  });

  test("a file that vanished, or became something else, cannot be opened; one that changed is reported", async () => {
    const root = tree("gone", "link", "grown", "shrunk");
    const context = backupContext();
    const entries = await all(directory("data", { path: root }).entries(context));
    const open = (path: string) => content(entries.find((entry) => entry.path === path)!.open!());
    rmSync(join(root, "gone"));
    rmSync(join(root, "link"));
    symlinkSync("/etc/passwd", join(root, "link"));
    writeFileSync(join(root, "grown"), "content of grown and more");
    writeFileSync(join(root, "shrunk"), "con");
    await expect(open("gone")).rejects.toMatchObject({ code: "NOT_FOUND", key: "gone" });
    await expect(open("link")).rejects.toMatchObject({ code: "INVALID", key: "link" });
    expect((await open("grown")).toString()).toBe("content of grown");
    expect((await open("shrunk")).toString()).toBe("con");
    expect(context.problems.map(({ path, code }) => `${path} ${code}`)).toEqual(["grown changed", "shrunk changed"]);
  });
});

describe("links", () => {
  test("are kept as links; later names of a file become hard links to the first", async () => {
    const root = tree("a/file", "outside/x");
    symlinkSync("/etc/passwd", join(root, "link"));
    linkSync(join(root, "a/file"), join(root, "b"));
    linkSync(join(root, "a/file"), join(root, "c"));
    const entries = await all(directory("data", { path: root }).entries(backupContext()));
    const shown = entries.map(({ path, type, target = "" }) => `${path} ${type} ${target}`.trim());
    expect(shown).toEqual([
      "a directory",
      "a/file file",
      "b hardlink a/file",
      "c hardlink a/file",
      "link symlink /etc/passwd",
      "outside directory",
      "outside/x file",
    ]);
    expect(entries.find(({ path }) => path === "b")!.local).toMatchObject({ path: join(root, "b") });
  });

  test("that are followed to names that are not UTF-8 are read there", async () => {
    const root = temporary();
    const odd = Buffer.concat([Buffer.from(`${root}/odd-`), Buffer.from([0xff])]);
    writeFileSync(odd, "odd content");
    symlinkSync(odd, join(root, "link"));
    const source = directory("data", { path: root, followLinks: true, include: ["link"] });
    const [entry] = await all(source.entries(backupContext()));
    expect(pathToBytes(entry!.local!.path)).toEqual(new Uint8Array(odd));
  });

  test("are followed where that is asked for, but not in circles nor to nowhere", async () => {
    const root = tree("real/file", "real/deep/");
    const elsewhere = tree("shared");
    symlinkSync(elsewhere, join(root, "linked"));
    symlinkSync(join(elsewhere, "shared"), join(root, "one"));
    symlinkSync("..", join(root, "real/deep/up"));
    symlinkSync("nowhere", join(root, "dangling"));
    const entries = await all(directory("data", { path: root, followLinks: true }).entries(backupContext()));
    const shown = entries.map(({ path, type }) => `${path} ${type}`);
    expect(shown).toEqual([
      "dangling symlink",
      "linked directory",
      "linked/shared file",
      "one file",
      "real directory",
      "real/deep directory",
      "real/deep/up symlink",
      "real/file file",
    ]);
    for (const entry of entries.filter(({ type }) => type === "file")) {
      expect((await content(entry.open!())).toString()).toMatch(/^content of (shared|real\/file)$/);
      expect(readFileSync(entry.local!.path, "utf8")).toMatch(/^content of/);
    }
    expect(entries.find(({ path }) => path === "one")!.local!.path).toBe(join(elsewhere, "shared"));
  });
});

describe("entries", () => {
  test("carry what is needed to read and to tell a change", async () => {
    const root = tree("file");
    const [entry] = await all(directory("data", { path: root }).entries(backupContext()));
    const { uid, gid, username } = userInfo();
    expect(entry).toMatchObject({ path: "file", size: 15, uid, gid, user: username });
    expect(entry!.local).toMatchObject({ path: join(root, "file") });
    expect(entry!.local!.ctimeMs).toBeGreaterThan(1e12);
  });

  test("of paths beyond what the system takes can be read and restored", async () => {
    const root = temporary();
    const name = "d".repeat(200);
    let at = root;
    const deep: string[] = [];
    // made from the inside out, as no path reaches so far
    for (let i = 0; i < 30; i++) {
      const outer = join(root, `new-${i}`);
      mkdirSync(outer);
      if (i === 0) writeFileSync(join(outer, "file"), "deep down");
      else renameSync(at, join(outer, name));
      at = outer;
      deep.push(name);
    }
    renameSync(at, join(root, name));
    writeFileSync(join(root, name, "z"), "on the way back");
    const entries = await all(directory("data", { path: root }).entries(backupContext()));
    const file = entries.find(({ path }) => path.endsWith("/file"))!;
    expect(file.path).toBe(`${deep.join("/")}/file`);
    expect(file.local).toBeUndefined();
    expect((await content(file.open!())).toString()).toBe("deep down");
    expect(entries.at(-1)!.path).toBe(`${name}/z`);

    const to = join(temporary(), "to");
    expect(await roundTrip(directory("data", { path: root }), to)).toEqual([]);
    const again = await all(directory("data", { path: to }).entries(backupContext()));
    expect(again.map(({ path }) => path)).toEqual(entries.map(({ path }) => path));
    await expect(roundTrip(directory("data", { path: root }), to)).resolves.toEqual([]);
    execFileSync("rm", ["-rf", to]);
  });

  test("go hundreds of directories deep and come back, few of them held open at a time", async () => {
    const root = temporary();
    const script = `for i in $(seq 150); do mkdir d; touch a z; cd d || exit 1; done`;
    execFileSync("bash", ["-c", script], { cwd: root });
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    let most = 0;
    const entries: SourceEntry[] = [];
    for await (const entry of directory("data", { path: root }).entries(backupContext())) {
      entries.push(entry);
      most = Math.max(most, open());
    }
    expect(entries.length).toBe(450);
    expect(most - before).toBeLessThan(100);
    expect(entries.at(-1)!.path).toBe("z");
    const paths = new Set(entries.map(({ path }) => path));
    expect(paths.size).toBe(450);
  });

  test("are read no further ahead than two batches", async () => {
    const root = temporary();
    for (let i = 0; i < 18; i++) {
      mkdirSync(join(root, `d${10 + i}`));
      for (let j = 0; j < 100; j++) writeFileSync(join(root, `d${10 + i}`, `f${j}`), "");
    }
    const walk = directory("data", { path: root }).entries(backupContext())[Symbol.asyncIterator]();
    await walk.next();
    // 512 entries were handed over, at most 512 more are waiting: what comes later was not looked at yet
    rmSync(join(root, "d27"), { recursive: true });
    rmSync(join(root, "d24"), { recursive: true });
    let count = 1;
    while (!(await walk.next()).done) count += 1;
    expect(count).toBe(1818 - 2 * 101);
  });

  test("end with the reason when the run is aborted", async () => {
    const root = tree(...Array.from({ length: 1100 }, (_, i) => `f${i}`));
    const controller = new AbortController();
    const reason = new Error("enough");
    const walking = async () => {
      for await (const _ of directory("data", { path: root }).entries(backupContext({ signal: controller.signal }))) {
        controller.abort(reason);
      }
    };
    await expect(walking()).rejects.toBe(reason);
  });

  test("with names that are not UTF-8 keep their bytes", async () => {
    const root = temporary();
    const raw = Buffer.from([0x61, 0xff, 0x62]);
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), raw]), "x");
    const [entry] = await all(directory("data", { path: root }).entries(backupContext()));
    expect(Buffer.from(pathToBytes(entry!.path)).equals(raw)).toBe(true);
    expect((await content(entry!.open!())).toString()).toBe("x");
  });
});

describe("chosen files", () => {
  const entriesOf = async (source: ReturnType<typeof files>, context = {}) =>
    (await all(source.entries(backupContext(context)))).map(({ path }) => path).join(" ");

  test("are taken relative to their base, directories with all that is in them", async () => {
    const base = tree("etc/app.conf", "etc/other", "var/db/x", "var/log/y", "z");
    const source = files("config", { base, paths: ["etc/app.conf", join(base, "var"), "var/db"], exclude: ["**/log"] });
    expect(await entriesOf(source)).toBe("etc etc/app.conf var var/db var/db/x");
    expect(await entriesOf(source, { folders: ["var/db"] })).toBe("var var/db var/db/x");
  });

  test("may be listed when the backup is made", async () => {
    const base = tree("a", "b");
    expect(await entriesOf(files("config", { base, paths: async () => ["b"] }))).toBe("b");
  });

  test("that are not there are reported; if none is, the backup fails", async () => {
    const base = tree("a");
    const context = backupContext();
    await all(files("config", { base, paths: ["a", "b"] }).entries(context));
    expect(context.problems).toMatchObject([{ path: "b", code: "NOT_FOUND" }]);
    await expect(entriesOf(files("config", { base, paths: ["b", "c"] }))).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(existsSync(join(base, "a"))).toBe(true);
  });

  test.each([[["../x"]], [["/elsewhere"]], [[]]])("cannot be %j", (paths) => {
    expect(() => files("config", { base: "/base", paths })).toThrow(expect.objectContaining({ code: "INVALID" }));
  });
});

describe("a site in what is walked", () => {
  const options = [{}, { threads: false }, { followLinks: true }];

  test.each(options)("is left out wherever it is met, and said (%o)", async (more) => {
    const root = tree("a/backups/lifeboat.json", "a/x", "b/");
    symlinkSync("../a/backups", join(root, "b/link"));
    symlinkSync("a", join(root, "c"));
    const warnings: string[] = [];
    const warn = (code: string, message: string) => void warnings.push(`${code} ${message.split(" ")[0]}`);
    const context = { sites: [join(root, "c/backups"), join(root, "absent")], warn };
    const found = await paths(root, more, context);
    expect(found.filter((path) => path.includes("backups") || path.includes("lifeboat"))).toEqual([]);
    expect(found).toContain("a/x");
    const followed = "followLinks" in more;
    const expected = followed ? ["a/backups", "b/link", "c/backups"] : ["a/backups"];
    expect(warnings).toEqual(expected.map((path) => `site-left-out ${path}`));
  });

  test("is refused where it is all of it", async () => {
    const root = tree("lifeboat.json");
    await expect(paths(root, {}, { sites: [root] })).rejects.toMatchObject({ code: "INVALID", key: root });
  });
});
