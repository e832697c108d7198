import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  closeSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareTrees, hardTree } from "@lifeboat/testkit";
import { expect, onTestFinished, test } from "vitest";

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "tree-"));
  onTestFinished(() => void execFileSync("rm", ["-rf", path]));
  return path;
}

function copyOf(tree: string): string {
  const copy = directory();
  execFileSync("cp", ["-a", `${tree}/.`, copy]);
  return copy;
}

test("the hard tree has what it promises, and a faithful copy of it is identical", async () => {
  const tree = directory();
  const made = await hardTree(tree);
  const listed = execFileSync("find", [tree, "-mindepth", "1", "-printf", "x"], { maxBuffer: 1e7 });
  expect(listed.length).toBe(made.entries);
  expect(lstatSync(join(tree, "times/file 0")).mtime.toISOString()).toBe("1901-12-14T00:00:00.123Z");
  expect(lstatSync(join(tree, "times/directory 1")).mtime.toISOString()).toBe("1969-12-31T23:59:59.999Z");
  expect(lstatSync(join(tree, "times/link 6")).mtime.toISOString()).toBe("2106-02-07T06:28:17.875Z");
  expect(statSync(join(tree, "modes/file 4755")).mode & 0o7777).toBe(0o4755);
  expect(statSync(join(tree, "links/target")).nlink).toBe(3);
  expect(readdirSync(join(tree, "names"), "buffer").some((name) => name.includes(0xff))).toBe(true);
  const longest = execFileSync("find", [tree, "-type", "f", "-printf", "%P\\0"], { maxBuffer: 1e7 });
  expect(
    Math.max(
      ...longest
        .toString("latin1")
        .split("\0")
        .map((path) => path.length),
    ),
  ).toBeGreaterThan(4000);
  expect(await compareTrees(tree, copyOf(tree))).toEqual([]);
});

test("the huge file is over 8 GiB, takes little room, and has data at its start, middle and end", async () => {
  const tree = directory();
  const { hugeFile = "" } = await hardTree(tree, { huge: true });
  const { size, blocks } = statSync(join(tree, hugeFile));
  expect(size).toBeGreaterThan(8 * 1024 ** 3);
  expect(blocks * 512).toBeLessThan(1024 ** 2);
  const fd = openSync(join(tree, hugeFile), "r");
  onTestFinished(() => closeSync(fd));
  for (const at of [0, 4 * 1024 ** 3 - 1000, size - 5000]) {
    const bytes = Buffer.alloc(5000);
    readSync(fd, bytes, 0, 5000, at);
    expect(bytes.filter((byte) => byte !== 0).length).toBeGreaterThan(4900);
  }
});

test("every kind of difference is told, with its path", async () => {
  const [one, two] = [directory(), directory()];
  for (const root of [one, two]) {
    mkdirSync(join(root, "d"));
    for (const name of ["content", "size", "mode", "mtime", "d/one", "d/other"]) {
      writeFileSync(join(root, name), "the same");
      lutimesSync(join(root, name), 1, 1);
    }
    symlinkSync(root === one ? "here" : "there", join(root, "target"));
    lutimesSync(join(root, "target"), 1, 1);
    writeFileSync(join(root, root === one ? "missing" : "extra"), "");
  }
  writeFileSync(join(two, "content"), "the sane");
  appendFileSync(join(two, "size"), "r");
  for (const name of ["content", "size"]) lutimesSync(join(two, name), 1, 1);
  chmodSync(join(two, "mode"), 0o600);
  lutimesSync(join(two, "mtime"), 1, 1.002);
  unlinkSync(join(two, "d/other"));
  execFileSync("ln", [join(two, "d/one"), join(two, "d/other")]);
  for (const root of [one, two]) lutimesSync(join(root, "d"), 1, 1);
  mkdirSync(join(one, "type"));
  writeFileSync(join(two, "type"), "");
  const found = await compareTrees(one, two);
  expect(found.map(({ path, aspect }) => `${path}: ${aspect}`)).toEqual([
    "content: content",
    "d/other: hard link",
    "extra: presence",
    "missing: presence",
    "mode: mode",
    "mtime: mtime",
    "size: size",
    "target: target",
    "type: type",
  ]);
  expect(found[0]?.expected).toContain("6");
  expect(await compareTrees(one, two, { ignore: ["hard link", "presence", "content"] })).toHaveLength(5);
  expect(readFileSync(join(one, "content"), "utf8")).toBe("the same");
  rmSync(join(one, "type"), { recursive: true });
});
