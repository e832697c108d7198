import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceEntry } from "@lifeboat/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { backUp, bytesOf, file, ID, semiRandom, site } from "./support.ts";

// GNU tar is the judge of what a standard tar is. Where it or zstd is missing
// these tests fail and say so: apt-get install tar zstd.

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lifeboat-tar-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function extract(entries: readonly SourceEntry[], compression: "zstd" | "gzip"): Promise<string> {
  const { site: context, part } = await backUp(archive({ compression }), site({ sealed: false }), entries);
  const object = join(folder, part.objects[0]!.name);
  writeFileSync(object, await bytesOf(context.storage.get(`backups/${ID}/${part.objects[0]!.name}`)));
  const out = mkdtempSync(join(folder, "out-"));
  execFileSync(
    "tar",
    ["-x", compression === "zstd" ? "--zstd" : "-z", "-f", object, "--exclude=.lifeboat", "-C", out],
    {
      stdio: ["ignore", "inherit", "inherit"],
    },
  );
  return out;
}

describe.each(["zstd", "gzip"] as const)("GNU tar and a plain %s part", (compression) => {
  it("agree on names, contents, links and times, however odd", async () => {
    const long = `${"d".repeat(200)}/${"f".repeat(250)}`;
    const large = semiRandom(5 * 1024 * 1024 + 7);
    const entries: SourceEntry[] = [
      { path: "d".repeat(200), type: "directory", mode: 0o700, mtimeMs: 0 },
      file(long, Buffer.from("long"), { mode: 0o600 }),
      file("plain", Buffer.from("plain"), { mtimeMs: 1_700_000_000_000 }),
      file("before 1970", Buffer.from("old"), { mtimeMs: -1_000_000_500 }),
      file("after 2242", Buffer.from("new"), { mtimeMs: 9_000_000_000_000 }),
      file("line\nbreak", Buffer.from("1")),
      file("ü 🛟", Buffer.from("2")),
      file("raw \udcff\udc80", Buffer.from("3")),
      file(" leading, trailing ", Buffer.from("4")),
      file("-dash", Buffer.from("5")),
      { path: "link", type: "symlink", mode: 0o777, mtimeMs: 0, target: `nowhere/${"x".repeat(150)}` },
      { path: "raw link", type: "symlink", mode: 0o777, mtimeMs: 0, target: "raw \udcff\udc80" },
      { path: "again", type: "hardlink", mode: 0o644, mtimeMs: 1_700_000_000_000, target: "plain" },
      { path: "again, raw", type: "hardlink", mode: 0o644, mtimeMs: 0, target: "raw \udcff\udc80" },
      file("large", large),
    ];
    const out = await extract(entries, compression);
    const names = readdirSync(out, { encoding: "buffer" })
      .map((name) => name.toString("latin1"))
      .sort();
    const expected = entries
      .filter(({ path }) => !path.includes("/"))
      .map(({ path }) => (path.startsWith("raw \udcff") ? "raw \xff\x80" : Buffer.from(path).toString("latin1")))
      .sort();
    expect(names).toEqual(expected);
    expect(readFileSync(join(out, long), "utf8")).toBe("long");
    expect(readFileSync(join(out, "large")).equals(large)).toBe(true);
    expect(lstatSync(join(out, "before 1970")).mtimeMs).toBe(-1_000_000_500);
    expect(lstatSync(join(out, "after 2242")).mtimeMs).toBe(9_000_000_000_000);
    expect(lstatSync(join(out, "plain")).mtimeMs).toBe(1_700_000_000_000);
    expect(lstatSync(join(out, "plain")).ino).toBe(lstatSync(join(out, "again")).ino);
    expect(readlinkSync(join(out, "link"))).toBe(`nowhere/${"x".repeat(150)}`);
    expect(readlinkSync(join(out, "raw link"), { encoding: "buffer" }).toString("latin1")).toBe("raw \xff\x80");
  });

  it("agree on content of unknown size, put together by cat", async () => {
    const small = semiRandom(100_000);
    const large = semiRandom(33 * 1024 * 1024);
    const unsized = (path: string, content: Buffer) => {
      const { size: _size, ...entry } = file(path, content, { pieceBytes: 1_000_000 });
      return entry;
    };
    const out = await extract([unsized("small.sql", small), unsized("large.sql", large)], compression);
    expect(readFileSync(join(out, "small.sql")).equals(small)).toBe(true);
    const pieces = readdirSync(out)
      .filter((name) => name.startsWith("large.sql.lifeboat-"))
      .sort();
    expect(pieces).toEqual(["large.sql.lifeboat-000001", "large.sql.lifeboat-000002", "large.sql.lifeboat-000003"]);
    expect(Buffer.concat(pieces.map((name) => readFileSync(join(out, name)))).equals(large)).toBe(true);
  });
});
