import type { Storage } from "@lifeboat/contracts";
import { sealTrailer, TRAILER_BYTES } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { openPart } from "../src/lib/part-layout.ts";
import { type Forgery, forge, HELLO } from "./forge.ts";
import { all, bytesOf, ID } from "./support.ts";

const hello = { path: "hello", type: "file", size: 5, mode: 420, mtimeMs: 0, sha256: HELLO, extents: [[1, 512, 5]] };

async function readAll(forgery: Forgery): Promise<string[]> {
  const repository = archive().open(await forge(forgery));
  const paths: string[] = [];
  for await (const entry of repository.read(ID, "data")) {
    paths.push(entry.path);
    await bytesOf(entry.open());
  }
  return paths;
}

describe("An archive that somebody else has written", () => {
  it("is read where it is well made", async () => {
    expect(await readAll({ rows: [hello] })).toEqual(["hello"]);
  });

  it.each([
    ["an absolute path", { ...hello, path: "/etc/passwd" }, "/etc/passwd"],
    ["a path that climbs", { ...hello, path: "a/../../b" }, "a/../../b"],
    ["an empty path", { ...hello, path: "" }, "it is empty"],
    ["a NUL in its path", { ...hello, path: "a\0b" }, "NUL"],
    ["a device node", { ...hello, type: "device" }, "hello"],
    [
      "a hard link out of the backup",
      { ...hello, type: "hardlink", size: 0, extents: undefined, target: "../../etc/shadow" },
      "hello",
    ],
    ["a link without a target", { ...hello, type: "symlink", size: 0, extents: undefined }, "hello"],
    ["a directory with content", { ...hello, type: "directory" }, "hello"],
    ["a mode out of range", { ...hello, mode: 0o100644 }, "hello"],
    ["a negative size", { ...hello, size: -1 }, "hello"],
    ["a size unlike its extents", { ...hello, size: 50_000 }, "hello"],
    ["an extent past its segment", { ...hello, size: 9_999, extents: [[1, 512, 9_999]] }, "hello"],
    ["an extent in no segment", { ...hello, extents: [[7, 0, 5]] }, "hello"],
    ["an extent in the index", { ...hello, extents: [[2, 512, 5]] }, "hello"],
    ["an extent of nonsense", { ...hello, extents: [[1, 0.5, 5]] }, "hello"],
    [
      "an extent of nothing",
      {
        ...hello,
        extents: [
          [1, 512, 5],
          [1, 600, 0],
        ],
      },
      "hello",
    ],
    ["a line that is not JSON", "{", "not JSON"],
    ["a line that is no object", "null", "not an object"],
  ])("is refused, with the entry's name, for %s", async (_what, row, named) => {
    const reading = readAll({ rows: [row], size: 50_000 });
    await expect(reading).rejects.toMatchObject({ code: "CORRUPT" });
    await expect(reading).rejects.toThrow(named);
  });

  it("says of an entry only what an entry has", async () => {
    const row = { ...hello, unchanged: true, copyTo: "there", note: 1 };
    const repository = archive().open(await forge({ rows: [row] }));
    for await (const entry of repository.entries(ID, "data")) {
      expect(Object.keys(entry)).toEqual(["path", "type", "size", "mode", "mtimeMs", "sha256"]);
    }
    for await (const entry of repository.read(ID, "data")) expect(entry.unchanged).toBeUndefined();
  });

  it("is refused where one stretch of bytes is several files: a bomb by overlap", async () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ ...hello, path: `copy-${n}` }));
    await expect(readAll({ rows, size: 5000 })).rejects.toThrow(/"copy-1".*overlaps/);
  });

  it("is refused where it holds more than its manifest says", async () => {
    await expect(readAll({ rows: [hello], size: 4 })).rejects.toThrow(/"hello"/);
    await expect(readAll({ rows: [hello], size: 6 })).rejects.toMatchObject({ code: "CORRUPT" });
    await expect(readAll({ rows: [hello], entries: 2 })).rejects.toMatchObject({ code: "CORRUPT" });
  });

  it("is refused where a segment claims to expand beyond the limit, before memory is taken for it", async () => {
    const claim = (n: number, content: number) => (content === 0 ? 0xffff_ffff : n);
    await expect(readAll({ rows: [hello], claim })).rejects.toThrow(/4294967295/);
  });

  it("is refused where a segment expands to more or less than its table says: a bomb by compression", async () => {
    const bomb = Buffer.alloc(8 * 1024 * 1024);
    const forged = (claimed: number) =>
      readAll({
        rows: [{ ...hello, sha256: "0".repeat(64) }],
        data: [bomb],
        claim: (n, content) => (content === 0 ? claimed : n),
      });
    await expect(forged(1024)).rejects.toMatchObject({ code: "CORRUPT" });
    await expect(forged(9 * 1024 * 1024)).rejects.toMatchObject({ code: "CORRUPT" });
  });

  it("does not hand out content whose digest differs", async () => {
    const repository = archive().open(await forge({ rows: [{ ...hello, sha256: "0".repeat(64) }] }));
    for await (const entry of repository.read(ID, "data")) {
      expect(() => entry.copyTo?.(new Uint8Array(entry.size))).toThrow(expect.objectContaining({ code: "CORRUPT" }));
      await expect(all(entry.open())).rejects.toMatchObject({ code: "CORRUPT", key: "hello" });
    }
    const problems: unknown[] = [];
    await repository.verify(ID, "content", { onProblem: (problem) => problems.push(problem) });
    expect(problems).toMatchObject([{ code: "CORRUPT", source: "data", object: "data.tar.zst", path: "hello" }]);
  });

  it("is refused where its table would be as long as the archive, before it is fetched", async () => {
    const size = 10 * 2 ** 30;
    const get: Storage["get"] = async function* (_key, { range } = {}) {
      const bytes = new Uint8Array((range?.end ?? size) - (range?.start ?? 0));
      if (bytes.length > 1 << 20) throw new Error("All of it was asked for.");
      bytes.set(sealTrailer(0, 1), bytes.length - TRAILER_BYTES);
      yield bytes;
    };
    const opened = openPart(
      { ...memoryStorage(), get },
      "k",
      { source: "data", codec: "zstd", sealed: false },
      size,
      null,
    );
    await expect(opened).rejects.toThrow(expect.objectContaining({ code: "CORRUPT" }));
  });
});
