import { randomBytes } from "node:crypto";
import type { SourceEntry } from "@lifeboat/contracts";
import { describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { all, backUp, bytesOf, file, semiRandom, site } from "./support.ts";

const MIB = 1024 * 1024;

const variants = [
  { name: "zstd, sealed, in threads", compression: "zstd", sealed: true, threads: 2 },
  { name: "zstd, plain, in threads", compression: "zstd", sealed: false, threads: 2 },
  { name: "gzip, sealed, without threads", compression: "gzip", sealed: true, threads: 0 },
  { name: "gzip, plain, without threads", compression: "gzip", sealed: false, threads: 0 },
] as const;

describe.each(variants)("an archive ($name)", ({ compression, ...where }) => {
  const format = archive({ compression });

  async function roundTrip(entries: readonly SourceEntry[], contents: ReadonlyMap<string, Uint8Array>) {
    const { repository, part, manifest } = await backUp(format, site(where), entries);
    const seen: string[] = [];
    for await (const entry of repository.read(manifest.id, "data")) {
      seen.push(entry.path);
      const expected = contents.get(entry.path);
      if (expected !== undefined) {
        const found = await bytesOf(entry.open());
        expect(found.length, entry.path).toBe(expected.length);
        expect(found.equals(expected), entry.path).toBe(true);
      }
    }
    expect(seen).toEqual(entries.map((entry) => entry.path));
    const problems: unknown[] = [];
    for (const level of ["presence", "checksum", "content"] as const) {
      await repository.verify(manifest.id, level, { onProblem: (problem) => problems.push(problem) });
    }
    expect(problems).toEqual([]);
    return { repository, part, manifest };
  }

  it("gives back small files, directories and links in their order, with all their facts", async () => {
    const contents = new Map<string, Uint8Array>([
      ["a/empty", new Uint8Array(0)],
      ["a/one", Buffer.from("1")],
      ["a/block", randomBytes(512)],
      ["a/über.txt", Buffer.from("ü")],
      ["b", semiRandom(100_000)],
    ]);
    const entries: SourceEntry[] = [
      {
        path: "a",
        type: "directory",
        mode: 0o2755,
        mtimeMs: -86_400_000.5,
        uid: 1000,
        gid: 1000,
        user: "ada",
        group: "staff",
      },
      file("a/empty", contents.get("a/empty")!),
      file("a/one", contents.get("a/one")!, { mode: 0o4000, section: "modules" }),
      file("a/block", contents.get("a/block")!, { pieceBytes: 1 }),
      file("a/über.txt", contents.get("a/über.txt")!),
      { path: "a/link", type: "symlink", mode: 0o777, mtimeMs: 1.5, target: "../b\udcff" },
      file("b", contents.get("b")!),
      { path: `b\udc80${"x".repeat(300)}`, type: "hardlink", mode: 0o644, mtimeMs: 0, target: "b" },
    ];
    const { repository, part, manifest } = await roundTrip(entries, contents);
    expect(part.counts).toEqual({ files: 5, directories: 1, links: 2 });
    expect(part.size).toBe(100_000 + 512 + 3);
    const infos = await all(repository.entries(manifest.id, "data"));
    for (const [n, info] of infos.entries()) {
      const { sha256: _sha256, size, ...facts } = info;
      const expected = { ...entries[n]! };
      expect(size).toBe(expected.size ?? 0);
      delete expected.open;
      expect({ ...facts, size: expected.size }).toEqual(expected);
    }
  });

  it("gives back content that spans segments, of known and of unknown size", async () => {
    const contents = new Map<string, Uint8Array>([
      ["exactly-one-segment", semiRandom(2 * MIB)],
      ["a-byte-more", semiRandom(2 * MIB + 1)],
      ["large", randomBytes(7 * MIB + 12_345)],
      ["zeros", Buffer.alloc(5 * MIB)],
      ["small", Buffer.from("between")],
      ["unknown-empty", new Uint8Array(0)],
      ["unknown-small", semiRandom(1000)],
      ["unknown-medium", semiRandom(5 * MIB)],
      ["unknown-piece", semiRandom(16 * MIB)],
      ["unknown-large", semiRandom(17 * MIB + 1)],
      ["last", Buffer.from("end")],
    ]);
    const entries = [...contents].map(([path, content]) => {
      const { size, ...entry } = file(path, content, { pieceBytes: 300_000 });
      return path.startsWith("unknown") ? entry : { ...entry, size: size! };
    });
    await roundTrip(entries, contents);
  });

  it("gives back many of the longest and oddest names", async () => {
    const entries: SourceEntry[] = Array.from({ length: 1200 }, (_, n) => {
      const path = `${"ü".repeat(100)}/${"\udcff".repeat(255)}/${n}/${"x".repeat(3000)}`;
      return { path, type: "symlink", mode: 0o777, mtimeMs: n, target: "y".repeat(4000) };
    });
    await roundTrip(entries, new Map());
  });

  it("backs up nothing", async () => {
    const { part } = await roundTrip([], new Map());
    expect(part.counts).toEqual({ files: 0, directories: 0, links: 0 });
  });
});
