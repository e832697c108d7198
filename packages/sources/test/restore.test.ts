import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { RestoredEntry, SourceEntry } from "@lifeboat/contracts";
import { describe, expect, test } from "vitest";
import { type DirectoryOptions, directory, files } from "../src/index.ts";
import { all, backedUp, backupContext, list, restoreContext, restored, temporary, unprivileged } from "./tools.ts";

/** The tree as text: directories with a slash, links with an arrow, files with their content. */
function shown(root: string, at = ""): string[] {
  return readdirSync(join(root, at))
    .sort()
    .flatMap((name) => {
      const path = at === "" ? name : `${at}/${name}`;
      const stat = lstatSync(join(root, path));
      if (stat.isDirectory()) return [`${path}/`, ...shown(root, path)];
      if (stat.isSymbolicLink()) return [`${path}->${readlinkSync(join(root, path))}`];
      return [`${path}=${readFileSync(join(root, path), "utf8")}`];
    });
}

function write(root: string, content: Record<string, string>): void {
  for (const [path, text] of Object.entries(content)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const file = (path: string, text: string, more = {}) => restored({ path, ...more }, text);
const folder = (path: string, more = {}) => restored({ path, ...more });

function restore(
  path: string,
  entries: readonly RestoredEntry[],
  context = {},
  options: Partial<DirectoryOptions> = {},
) {
  const ready = restoreContext(context);
  return directory("data", { path, ...options })
    .restore(ready, list(...entries))
    .then(() => ready.problems);
}

describe("restoring over what is there", () => {
  const live = { "a/old": "old", "a/same": "before", "b/x": "x", top: "top" };
  const backup = [folder("a"), file("a/same", "after"), file("a/new", "new")];

  test.each([
    ["replace", "leaves exactly what was backed up", "a/ a/new=new a/same=after"],
    ["merge", "overwrites, and leaves the rest", "a/ a/new=new a/old=old a/same=after b/ b/x=x top=top"],
    ["missing", "only adds", "a/ a/new=new a/old=old a/same=before b/ b/x=x top=top"],
  ] as const)("%s %s", async (mode, _, expected) => {
    const root = temporary();
    write(root, live);
    expect(await restore(root, backup, { mode })).toEqual([]);
    expect(shown(root).join(" ")).toBe(expected);
  });

  test("replace never removes what the source itself would not back up", async () => {
    const root = temporary();
    write(root, { ...live, "a/cache/c": "c", "db/d": "d", "keep.log": "log", "mod/m": "m", "mod/cache/c": "c" });
    const sections = { database: { include: ["db"] }, modules: { include: ["mod"] } };
    const entries = [...backup, folder("mod", { section: "modules" }), file("mod/n", "n", { section: "modules" })];
    await restore(root, entries, {}, { exclude: ["**/cache", "*.log"], sections });
    expect(shown(root).join(" ")).toBe(
      "a/ a/cache/ a/cache/c=c a/new=new a/same=after db/ db/d=d keep.log=log mod/ mod/cache/ mod/cache/c=c mod/n=n",
    );
  });

  test("replace removes only what that backup would have held, however the source is set up today", async () => {
    const root = temporary();
    const source = (options: Partial<DirectoryOptions>) => directory("data", { path: root, ...options });
    const left = async (then: Partial<DirectoryOptions>, now: Partial<DirectoryOptions>, context = {}) => {
      write(root, { ...live, "a/cache/c": "c", "db/d": "d", "mod/m": "m" });
      const scope = JSON.parse(JSON.stringify(await source(then).scope?.(backupContext(context))));
      await source(now).restore(restoreContext({ scope }), list(...backup));
      return shown(root)
        .filter((path) => !path.startsWith("a/") || path.includes("cache"))
        .join(" ");
    };
    expect(await left({}, {})).toBe("");
    expect(await left({ exclude: ["**/cache"] }, {})).toBe("a/cache/ a/cache/c=c");
    expect(await left({ include: ["a", "b"] }, {})).toBe("db/ db/d=d mod/ mod/m=m top=top");
    expect(await left({}, { exclude: ["db"] })).toBe("db/ db/d=d");
    const sections = { modules: { include: ["mod"] }, database: { include: ["db"] } };
    expect(await left({ sections }, {}, { sections: ["modules"] })).toBe("db/ db/d=d");
    expect(await left({ sections }, { sections })).toBe("");
    expect(await left({}, {}, { folders: ["a", "b"] })).toBe("db/ db/d=d mod/ mod/m=m top=top");
  });

  test.each([
    ["was too long to keep", null],
    ["is not understood", { filter: { include: ["["] }, oneFileSystem: false }],
    ["is something else", { tables: ["users"] }],
  ])("replace removes nothing where what the backup took %s", async (_, scope) => {
    const root = temporary();
    write(root, live);
    await restore(root, backup, { scope });
    expect(shown(root).join(" ")).toBe("a/ a/new=new a/old=old a/same=after b/ b/x=x top=top");
  });

  test("replace never removes from a site, its own or another's", async () => {
    const root = temporary();
    write(root, { ...live, "site/lifeboat.json": "{}", "site/backups/1/manifest.json": "{}", "sitemap/x": "x" });
    await restore(root, backup);
    expect(shown(root).join(" ")).toBe(
      "a/ a/new=new a/same=after site/ site/backups/ site/backups/1/ site/backups/1/manifest.json={} site/lifeboat.json={}",
    );
  });

  test("replace removes only beneath what was selected", async () => {
    const root = temporary();
    write(root, { ...live, "a/deep/x": "x" });
    const selected = { partial: true, select: ["a/**"] };
    await restore(root, backup, selected);
    expect(shown(root).join(" ")).toBe("a/ a/new=new a/same=after b/ b/x=x top=top");
    await restore(root, [file("a/same", "again")], { partial: true });
    expect(shown(root).join(" ")).toBe("a/ a/new=new a/same=again b/ b/x=x top=top");
  });

  test("replace leaves alone what a backup of chosen folders knows nothing of", async () => {
    const root = temporary();
    write(root, live);
    await restore(root, backup, { partial: true, folders: ["a"] });
    expect(shown(root).join(" ")).toBe("a/ a/new=new a/same=after b/ b/x=x top=top");
  });

  test("replace never leaves the tree through a link, even where links are followed", async () => {
    const root = temporary();
    const outside = temporary();
    write(outside, { precious: "precious" });
    write(root, live);
    symlinkSync(outside, join(root, "link"));
    await restore(root, backup, {}, { followLinks: true });
    expect(shown(root).join(" ")).toBe("a/ a/new=new a/same=after");
    expect(shown(outside)).toEqual(["precious=precious"]);
  });

  test.each(["replace", "merge"] as const)("%s puts files in place of directories, and the reverse", async (mode) => {
    const root = temporary();
    write(root, { "a/b/c": "c", b: "b", "e/f": "f" });
    symlinkSync("nowhere", join(root, "d"));
    const entries = [
      file("a", "now a file"),
      folder("b"),
      file("b/x", "x"),
      file("d", "no link"),
      restored({ path: "e", type: "symlink", target: "b" }),
    ];
    await restore(root, entries, { mode });
    expect(shown(root).join(" ")).toBe("a=now a file b/ b/x=x d=no link e->b");
  });

  test("a failure puts back what had to move aside, and leaves no temporary", async () => {
    const root = temporary();
    write(root, { "a/b/c": "c", b: "b" });
    const entries = [file("a", "now a file"), folder("b"), file("b/x", "x"), file("../z", "hostile")];
    await expect(restore(root, entries, { mode: "merge" })).rejects.toMatchObject({ code: "INVALID" });
    expect(shown(root).join(" ")).toBe("a/ a/b/ a/b/c=c b=b");
  });

  test("missing leaves modes and times of what is there, and what is in the way", async () => {
    const root = temporary();
    write(root, { "a/old": "old", b: "a file" });
    chmodSync(join(root, "a"), 0o710);
    const entries = [folder("a"), file("a/new", "new"), folder("b"), file("b/x", "x"), folder("c", { mode: 0o750 })];
    await restore(root, entries, { mode: "missing" });
    expect(shown(root).join(" ")).toBe("a/ a/new=new a/old=old b=a file c/");
    expect(statSync(join(root, "a")).mode & 0o777).toBe(0o710);
    expect(statSync(join(root, "c")).mode & 0o777).toBe(0o750);
  });

  test("hard links lead to restored files, or to files that are there", async () => {
    const root = temporary();
    write(root, { there: "there" });
    linkSync(join(root, "there"), join(root, "b"));
    const link = (path: string, target: string) => restored({ path, type: "hardlink", target });
    await restore(root, [file("a", "a"), link("b", "a"), link("c", "there"), link("d/e", "a")], { mode: "merge" });
    const ino = (path: string) => statSync(join(root, path)).ino;
    expect([ino("b"), ino("d/e"), ino("c")]).toEqual([ino("a"), ino("a"), ino("there")]);
    expect(shown(root).length).toBe(6);
  });

  test.each([
    ["a new place", false],
    ["a place that is in use", true],
  ])("a hard link whose file vanished before it was read is left out of %s, and said", async (_, used) => {
    const root = temporary();
    if (used) write(root, { b: "still here", mine: "mine" });
    const to = used ? root : join(root, "to");
    const problems = await restore(to, [restored({ path: "b", type: "hardlink", target: "x/a" }), file("c", "c")]);
    expect(problems).toMatchObject([{ path: "b", code: "NOT_FOUND" }]);
    expect(shown(to)).toEqual(used ? ["b=still here", "c=c"] : ["c=c"]);
  });

  test("files keep to their list: nothing else is removed", async () => {
    const base = temporary();
    write(base, { "etc/app": "new", "etc/other": "other", "var/x": "x", "var/y": "y" });
    const source = files("config", { base, paths: ["etc/app", "var"] });
    await source.restore(restoreContext(), list(file("etc/app", "old"), folder("var"), file("var/x", "old x")));
    expect(shown(base).join(" ")).toBe("etc/ etc/app=old etc/other=other var/ var/x=old x");
    write(base, { "etc/new": "new", "var/y": "y" });
    const limited = restoreContext({ partial: true, folders: ["etc"] });
    await source.restore(limited, list(file("etc/app", "older")));
    expect(shown(base).join(" ")).toBe("etc/ etc/app=older etc/new=new etc/other=other var/ var/x=old x var/y=y");
  });
});

describe("modes, owners and times", () => {
  test("come back to the millisecond, before 1970 too, for files, directories and links", async () => {
    for (const mtimeMs of [0, 1, -1, -1500.5, 1_700_000_000_123.456, 1_700_000_000_999.75, -86_400_000_000.25]) {
      for (const to of [join(temporary(), "new"), temporary()]) {
        if (existsSync(to)) write(to, { there: "" });
        const link = restored({ path: "l", type: "symlink", target: "x", mtimeMs });
        await restore("/nowhere", [folder("d", { mtimeMs }), file("d/f", "f", { mtimeMs }), link], {
          to,
          mode: "merge",
        });
        for (const path of ["d", "d/f", "l"]) {
          expect(Math.floor(lstatSync(join(to, path)).mtimeMs)).toBe(Math.floor(mtimeMs));
        }
      }
    }
  });

  test("of directories are set last, so closed ones can be filled", async () => {
    const to = join(temporary(), "to");
    const entries = [folder("a", { mode: 0o500 }), folder("a/b", { mode: 0 }), file("a/b/c", "c", { mode: 0o400 })];
    mkdirSync(join(to, ".."), { recursive: true });
    chmodSync(join(to, ".."), 0o777);
    await unprivileged(() => restore("/nowhere", entries, { to }));
    expect(statSync(join(to, "a")).mode & 0o777).toBe(0o500);
    expect(statSync(join(to, "a/b")).mode & 0o777).toBe(0);
    chmodSync(join(to, "a/b"), 0o700);
    expect(statSync(join(to, "a/b/c")).mode & 0o777).toBe(0o400);
  });

  const owned = { uid: 1234, gid: 2345, mode: 0o6755 };

  test.runIf(process.geteuid?.() === 0)("as root, owners are restored, by name where there is one", async () => {
    const to = join(temporary(), "to");
    const named = { ...owned, user: "nobody", group: "daemon" };
    const link = restored({ path: "l", type: "symlink", target: "x", uid: 7, gid: 8 });
    const entries = [file("a", "a", owned), file("b", "b", named), folder("d", owned), link];
    expect(await restore("/nowhere", entries, { to })).toEqual([]);
    const stats = (path: string) => {
      const { uid, gid, mode } = lstatSync(join(to, path));
      return [uid, gid, (mode & 0o7777).toString(8)];
    };
    expect(stats("a")).toEqual([1234, 2345, "6755"]);
    expect(stats("b")).toEqual([65534, 1, "6755"]);
    expect(stats("d")).toEqual([1234, 2345, "6755"]);
    expect(stats("l").slice(0, 2)).toEqual([7, 8]);
  });

  test("as anyone else, owners are left, said once, and set-user-id bits go with them", async () => {
    const base = temporary();
    chmodSync(base, 0o777);
    const to = join(base, "to");
    const entries = [file("a", "a", owned), file("b", "b", owned), folder("d", owned)];
    const problems = await unprivileged(() => restore("/nowhere", entries, { to }));
    expect(problems).toMatchObject([{ path: "a", code: "PERMISSION_DENIED" }]);
    expect(statSync(join(to, "a")).mode & 0o7777).toBe(0o755);
    expect(statSync(join(to, "d")).mode & 0o7777).toBe(0o755);
  });

  test("a restored tree's own directory is closed to others", async () => {
    const to = join(temporary(), "x", "to");
    await restore("/nowhere", [file("a", "a")], { to });
    expect(statSync(to).mode & 0o777).toBe(0o700);
    expect(statSync(join(to, "..")).mode & 0o777).toBe(0o700);
  });
});

describe("big files", () => {
  const big = (path: string, size: number, pieces: () => Iterable<Uint8Array>): RestoredEntry => {
    const { copyTo: _copyTo, ...entry } = restored({ path }, "");
    return {
      ...entry,
      size,
      async *open() {
        yield* pieces();
      },
    };
  };

  test("are streamed, in whatever pieces they come", async () => {
    const content = Buffer.alloc(3_500_000, "some content of a larger file ");
    for (const length of [1000, 65_536, 99_999, 1 << 21]) {
      const to = temporary();
      const pieces = function* () {
        for (let at = 0; at < content.length; at += length) yield content.subarray(at, at + length);
      };
      await restore("/nowhere", [big("big", content.length, pieces)], { to });
      expect(readFileSync(join(to, "big")).equals(content)).toBe(true);
    }
  });

  test("that are sparse come back sparse", async () => {
    const to = temporary();
    const zeros = () => Buffer.alloc(1 << 20); // pieces are the reader's, so each is new
    const pieces = function* () {
      yield Buffer.from("begin".padEnd(1 << 16, "."));
      for (let i = 0; i < 200; i++) yield zeros();
      yield Buffer.concat([zeros(), Buffer.from("middle"), zeros()]);
      for (let i = 0; i < 200; i++) yield zeros();
    };
    const size = (1 << 16) + 402 * (1 << 20) + 6;
    await restore("/nowhere", [big("sparse", size, pieces)], { to });
    const stat = statSync(join(to, "sparse"));
    expect(stat.size).toBe(size);
    expect(stat.blocks * 512).toBeLessThan(1 << 20);
    const content = readFileSync(join(to, "sparse"));
    expect(content.indexOf("middle")).toBe((1 << 16) + 201 * (1 << 20));
  });

  test("never pile up in memory", async () => {
    const to = temporary();
    const size = 400 * (1 << 20);
    let most = 0;
    const before = process.memoryUsage().arrayBuffers;
    const pieces = function* () {
      for (let at = 0; at < size; at += 1 << 20) {
        const { arrayBuffers } = process.memoryUsage();
        most = Math.max(most, arrayBuffers - before);
        // a hole of all but the last byte of each block would be no hole: this one is written
        yield Buffer.alloc(1 << 20, at === 0 ? 1 : 0);
      }
    };
    await restore("/nowhere", [big("flat", size, pieces)], { to });
    expect(statSync(join(to, "flat")).size).toBe(size);
    expect(most).toBeLessThan(250 * (1 << 20));
  });

  test.each([
    ["more", 600_000, 599_999, 11],
    ["fewer", 600_000, 600_001, 6],
  ])("with %s bytes than they should are refused", async (_, held, size) => {
    const to = join(temporary(), "to");
    const pieces = () => [Buffer.alloc(held, 1)];
    await expect(restore("/nowhere", [big("odd", size, pieces)], { to })).rejects.toMatchObject({
      code: "CORRUPT",
      key: "odd",
    });
    expect(existsSync(to)).toBe(false);
  });
});

describe("a restore that is broken off", () => {
  const source = () => {
    const root = temporary();
    for (let i = 0; i < 30; i++) write(root, { [`d${i}/small`]: "small", [`d${i}/other`]: "other" });
    write(root, { big: "b".repeat(2_000_000), zlast: "last" });
    linkSync(join(root, "big"), join(root, "y"));
    return root;
  };

  async function* breaking(entries: readonly SourceEntry[], at: number, stop: () => void) {
    let count = 0;
    for await (const entry of backedUp(entries, true)) {
      if (count === at) stop();
      count += 1;
      yield {
        ...entry,
        async *open() {
          for await (const piece of entry.open()) {
            yield piece.subarray(0, piece.length / 2);
            if (entry.path === "big" && at === -1) stop();
            yield piece.subarray(piece.length / 2);
          }
        },
      };
    }
    if (at === Number.POSITIVE_INFINITY) stop();
  }

  test.each([0, 1, 31, -1, 62, Number.POSITIVE_INFINITY])("by an abort (at %d) leaves nothing behind", async (at) => {
    const entries = await all(directory("data", { path: source() }).entries(backupContext()));
    for (const existing of [false, true]) {
      const base = temporary();
      const to = join(base, "to");
      if (existing) write(to, { mine: "mine" });
      const controller = new AbortController();
      const reason = new Error("enough");
      const context = restoreContext({ to, mode: "merge", signal: controller.signal });
      const broken = breaking(entries, at, () => controller.abort(reason));
      await expect(directory("data", { path: "/x" }).restore(context, broken)).rejects.toBe(reason);
      if (existing) expect(shown(to).filter((line) => line.includes(".lifeboat"))).toEqual([]);
      else expect(readdirSync(base)).toEqual([]);
    }
  });

  test("by an error of its source leaves nothing behind, and passes the error on", async () => {
    const entries = await all(directory("data", { path: source() }).entries(backupContext()));
    const base = temporary();
    const error = new Error("the storage is gone");
    const broken = breaking(entries, -1, () => {
      throw error;
    });
    const restoring = directory("data", { path: "/x" }).restore(restoreContext({ to: join(base, "a/b") }), broken);
    await expect(restoring).rejects.toBe(error);
    expect(readdirSync(base)).toEqual([]);
  });
});

describe("a place that cannot be restored to", () => {
  test.each([
    ["is a file", (at: string) => writeFileSync(at, "mine")],
    ["is a link to nowhere", (at: string) => symlinkSync("nowhere", at)],
  ])("because it %s is refused", async (_, make) => {
    const to = join(temporary(), "to");
    make(to);
    await expect(restore("/nowhere", [file("a", "a")], { to })).rejects.toMatchObject({ code: "INVALID" });
    expect(lstatSync(to).isDirectory()).toBe(false);
  });

  test("because this process has no right to it is told so", async () => {
    const to = temporary();
    write(to, { mine: "mine" });
    chmodSync(to, 0o555);
    if (process.geteuid?.() === 0) chownSync(to, 0, 0);
    const restoring = unprivileged(() => restore("/nowhere", [file("a", "a")], { to, mode: "merge" }));
    await expect(restoring).rejects.toMatchObject({ code: "PERMISSION_DENIED", key: "a" });
  });
});
