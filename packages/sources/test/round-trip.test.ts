import { execFileSync } from "node:child_process";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToBytes } from "@lifeboat/contracts";
import { describe, expect, test } from "vitest";
import { directory } from "../src/index.ts";
import { all, backupContext, roundTrip, temporary } from "./tools.ts";

/** A tree with most of what makes trees hard. */
function hardTree(): string {
  const root = temporary();
  const at = (name: string) => join(root, name);
  mkdirSync(at("empty"));
  mkdirSync(at("a/b/c"), { recursive: true });
  writeFileSync(at("a/empty file"), "");
  writeFileSync(at("a/b/new\nline"), "x");
  writeFileSync(at("a/b/😀 emoji"), "smile", { mode: 0o640 });
  writeFileSync(at("a/b/e\u0301"), "decomposed");
  writeFileSync(at("a/b/\u00e9"), "composed");
  writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0x66, 0xff, 0xfe])]), "raw");
  writeFileSync(at(`a/${"n".repeat(255)}`), "long name");
  writeFileSync(at("a/big"), Buffer.alloc(3_000_000, "big content "));
  writeFileSync(at("a/script"), "#!/bin/sh\n", { mode: 0o755 });
  linkSync(at("a/big"), at("a/zbig-again"));
  symlinkSync("b/c", at("a/link"));
  symlinkSync("/nowhere/at all", at("a/dangling"));
  utimesSync(at("a/script"), new Date(-5_000_500), new Date(-5_000_500));
  utimesSync(at("a/b"), 1_600_000_000.123, 1_600_000_000.123);
  execFileSync("chmod", ["500", at("empty")]);
  execFileSync("chmod", ["2750", at("a/b/c")]);
  return root;
}

const byBytes = (a: Buffer, b: Buffer) => Buffer.compare(a, b);

function listing(root: string): string[] {
  const lines: string[] = [];
  const walk = (path: Buffer, shown: string) => {
    for (const name of readdirSync(path, { encoding: "buffer" }).sort(byBytes)) {
      const child = Buffer.concat([path, Buffer.from("/"), name]);
      const stat = lstatSync(child);
      const at = `${shown}/${name.toString("latin1")}`;
      const content = stat.isFile() ? readFileSync(child).toString("base64").slice(0, 4000) : "";
      lines.push(
        `${at} ${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${Math.floor(stat.mtimeMs)} ${stat.nlink} ${stat.size} ${content}`,
      );
      if (stat.isDirectory()) walk(child, at);
    }
  };
  walk(Buffer.from(root), "");
  return lines;
}

describe("a directory", () => {
  test.each([
    ["held in memory", false, undefined],
    ["streamed", true, undefined],
    ["on the calling thread", false, false],
  ])("comes back as it was, %s", async (_, streamed, threads) => {
    const root = hardTree();
    const to = join(temporary(), "new", "place");
    const source = directory("data", { path: root, threads });
    expect(await roundTrip(source, to, streamed)).toEqual([]);
    expect(listing(to)).toEqual(listing(root));
    expect(readdirSync(join(to, ".."))).toEqual(["place"]);
  });

  test("comes back as it was in an empty directory, and over itself", async () => {
    const root = hardTree();
    const to = temporary();
    const source = directory("data", { path: root });
    await roundTrip(source, to);
    expect(listing(to)).toEqual(listing(root));
    await roundTrip(source, to);
    expect(listing(to)).toEqual(listing(root));
  });

  test("lists a directory before what is in it, names sorted by their bytes", async () => {
    const entries = await all(directory("data", { path: hardTree() }).entries(backupContext()));
    const paths = entries.map(({ path }) => path);
    expect(paths.slice(0, 3)).toEqual(["a", "a/b", "a/b/c"]);
    const names = paths.filter((path) => path.startsWith("a/b/")).map((path) => Buffer.from(pathToBytes(path)));
    expect(names).toEqual([...names].sort(byBytes));
  });
});
