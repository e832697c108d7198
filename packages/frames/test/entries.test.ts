import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LifeboatError, type SourceEntry } from "@lifeboat/contracts";
import { afterAll, describe, expect, it } from "vitest";
import { OpenFiles, packedEntry, readWhole, startBody } from "../src/index.ts";

const folder = mkdtempSync(join(tmpdir(), "lifeboat-frames-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FILE: SourceEntry = { path: "a", type: "file", size: 3, mode: 0o100644, mtimeMs: 1 };

function listed(name: string, content: string): SourceEntry & Required<Pick<SourceEntry, "local" | "size">> {
  const path = join(folder, name);
  writeFileSync(path, content);
  const { dev, ino, ctimeMs, size, mode, mtimeMs } = statSync(path);
  return { path: name, type: "file", size, mode, mtimeMs, local: { path, dev, ino, ctimeMs } };
}

describe("An entry's facts", () => {
  it("are what a format keeps, and nothing else that the source put on it", () => {
    expect(packedEntry({ ...FILE, uid: 0, extra: 1 } as SourceEntry)).toEqual({ ...FILE, mode: 0o644, uid: 0 });
  });

  it.each([
    { path: "../a" },
    { path: "/a" },
    { type: "fifo" },
    { type: "symlink" },
    { target: "b" },
    { type: "hardlink", target: "../b" },
    { mode: Number.NaN },
    { mtimeMs: Number.POSITIVE_INFINITY },
    { size: -1 },
    { size: 1.5 },
  ])("are refused where no restore would take them: %j", (wrong) => {
    expect(() => packedEntry({ ...FILE, ...wrong } as SourceEntry)).toThrow(
      expect.objectContaining({ code: "INVALID" }),
    );
  });
});

describe("A file of this machine", () => {
  it("is read as it is when it is read, with its facts", () => {
    const entry = listed("grew", "before");
    writeFileSync(join(folder, "grew"), "and after");
    const read = readWhole(packedEntry(entry), entry.local, 100, (length) => new Uint8Array(length));
    expect(Buffer.from(read.bytes).toString()).toBe("and after");
    expect(read.entry.size).toBe(9);
    expect(read.problem).toBeUndefined();
  });

  it("is not read through a link that took its place", async () => {
    const entry = listed("file", "content");
    rmSync(join(folder, "file"));
    symlinkSync("/etc/passwd", join(folder, "file"));
    expect(() => readWhole(packedEntry(entry), entry.local, 0, (length) => new Uint8Array(length))).toThrow();
    expect(await new OpenFiles().open(entry, entry.local)).toMatchObject({ problem: { code: "NOT_FOUND" } });
  });

  it("is reported where it changed while threads had it open", async () => {
    const entry = listed("open", "content");
    const files = new OpenFiles();
    const file = await files.open(entry, entry.local);
    if ("problem" in file) throw new Error(file.problem.message);
    writeFileSync(join(folder, "open"), "other content");
    const problems: unknown[] = [];
    files.close(file.handle, file.facts, (problem) => problems.push(problem));
    await files.settled();
    await files.closeAll();
    expect(problems).toMatchObject([{ path: "open", code: "changed" }]);
  });
});

describe("A body", () => {
  async function* stream(...pieces: string[]) {
    for (const piece of pieces) yield Buffer.from(piece);
  }
  const entry = (open: SourceEntry["open"]) => ({ ...FILE, open }) as SourceEntry;

  it("is whole where it ends within the first piece, whatever pieces it came in", async () => {
    const start = await startBody(
      entry(() => stream("a", "b", "c")),
      4,
      undefined,
    );
    expect(start).toMatchObject({ kind: "whole", bytes: Uint8Array.from(Buffer.from("abc")) });
  });

  it("goes on in pieces of one length where it does not", async () => {
    const start = await startBody(
      entry(() => stream("abc", "defgh", "i")),
      4,
      undefined,
    );
    if (start.kind !== "more") throw new Error(start.kind);
    const rest = [];
    for await (const piece of start.rest) rest.push(Buffer.from(piece).toString());
    expect([Buffer.from(start.first).toString(), ...rest]).toEqual(["abcd", "efgh", "i"]);
  });

  it("that is refused at once concerns its entry alone; any other failure is the source's", async () => {
    async function* refused(code: "PERMISSION_DENIED" | "SOURCE_FAILED"): AsyncGenerator<Uint8Array> {
      yield* [];
      throw new LifeboatError({ code, operation: "test", message: "no" });
    }
    const start = await startBody(
      entry(() => refused("PERMISSION_DENIED")),
      4,
      undefined,
    );
    expect(start).toMatchObject({ kind: "unreadable", problem: { path: "a", code: "PERMISSION_DENIED" } });
    await expect(
      startBody(
        entry(() => refused("SOURCE_FAILED")),
        4,
        undefined,
      ),
    ).rejects.toThrow("no");
  });
});

describe("A body", () => {
  it.each([0, 1, 5, 1000])(
    "is taken whole, whether it has more or less than the %i bytes that were told",
    async (size) => {
      const sent = new Uint8Array(300).map((_, i) => i);
      const open = async function* () {
        for (let at = 0; at < sent.length; at += 7) yield sent.subarray(at, at + 7);
      };
      expect(await startBody({ ...FILE, size, open }, 1024, undefined)).toEqual({ kind: "whole", bytes: sent });
      const long = await startBody({ ...FILE, size, open }, 128, undefined);
      if (long.kind !== "more") return expect.fail("It has more than one piece.");
      const pieces = [long.first];
      for await (const piece of long.rest) pieces.push(piece);
      expect(pieces.map(({ length }) => length)).toEqual([128, 128, 44]);
      expect(Buffer.concat(pieces)).toEqual(Buffer.from(sent));
    },
  );
});
