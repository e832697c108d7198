import { createHash } from "node:crypto";
import type { EntryInfo } from "@lifeboat/contracts";
import { expect } from "vitest";
import { all, inPieces } from "../helpers.ts";
import { hardBodies, type KnownEntry, smallEntries } from "./entries.ts";
import { type FormatHarness, IDS, problemsOf, readAll } from "./site.ts";

/** That what was backed up comes back, in order, with every byte and every fact. */
export function roundTrip({ test, options }: FormatHarness): void {
  test("everything that is hard comes back as it was, in its order", async ({ repository, backUp }) => {
    const known = hardBodies(options.largeBytes ?? 9 * 1024 * 1024);
    await backUp(known.map(({ entry }) => entry));
    const listed = await all(repository.entries(IDS[0], "data"));
    const found = await readAll(repository);
    expect(listed.map(({ path }) => path)).toEqual(known.map(({ entry }) => entry.path));
    expect(found.map(({ entry }) => entry.path)).toEqual(known.map(({ entry }) => entry.path));
    for (const [index, each] of known.entries()) {
      const restored = found[index];
      expectSame(listed[index], each);
      await expectTold(listed[index], each);
      expectSame(restored?.entry, each);
      expect(restored?.bytes.equals(each.bytes), `content of ${each.entry.path}`).toBe(true);
      if (restored?.copied !== undefined) expect(restored.bytes.equals(restored.copied)).toBe(true);
    }
    for (const level of ["presence", "checksum", "content"] as const) {
      expect(await problemsOf(repository, level), level).toEqual([]);
    }
  });

  test("the manifest says what the part holds, and comes back as it was committed", async ({ repository, backUp }) => {
    const known = smallEntries();
    const manifest = await backUp(known.map(({ entry }) => entry));
    const [part] = manifest.parts;
    expect(part?.counts).toEqual({ files: 5, directories: 1, links: 1 });
    expect(part?.size).toBe(known.reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(part?.problemCount).toBe(0);
    expect(part?.storedSize).toBeGreaterThan(0);
    expect(part?.objects.every(({ sha256 }) => /^[0-9a-f]{64}$/.test(sha256))).toBe(true);
    expect(await repository.manifest(IDS[0])).toEqual(manifest);
  });

  test("each object of the manifest is in the storage, with its size and SHA-256", async ({ storage, backUp }) => {
    const manifest = await backUp(smallEntries().map(({ entry }) => entry));
    for (const object of manifest.parts.flatMap(({ objects }) => objects)) {
      const hash = createHash("sha256");
      let size = 0;
      for await (const piece of storage.get(`backups/${IDS[0]}/${object.name}`)) {
        hash.update(piece);
        size += piece.length;
      }
      expect({ size, sha256: hash.digest("hex") }).toEqual({ size: object.size, sha256: object.sha256 });
    }
  });

  test("a source without entries, and several sources, are backups like any other", async ({ repository, backUp }) => {
    await backUp([], { sources: ["nothing"] });
    expect(await readAll(repository, IDS[0], "nothing")).toEqual([]);
    expect(await problemsOf(repository, "content")).toEqual([]);
    const known = smallEntries();
    const entries = known.map(({ entry }) => entry);
    const manifest = await backUp(entries, { id: IDS[1], sources: ["one", "two"] });
    expect(manifest.parts.map(({ source }) => source)).toEqual(["one", "two"]);
    for (const source of ["one", "two"]) expect(await readAll(repository, IDS[1], source)).toHaveLength(known.length);
    expect(await problemsOf(repository, "content", IDS[1])).toEqual([]);
  });

  test("progress only grows, and ends with all there was", async ({ repository, backUp }) => {
    const known = smallEntries();
    const size = known.reduce((sum, { bytes }) => sum + bytes.length, 0);
    const done = { entries: 0, bytes: 0, storedBytes: 0 };
    const onProgress = (now: typeof done) => {
      for (const key of ["entries", "bytes", "storedBytes"] as const) {
        expect(now[key]).toBeGreaterThanOrEqual(done[key]);
        done[key] = now[key];
      }
    };
    await backUp(
      known.map(({ entry }) => entry),
      { onProgress },
    );
    expect(done.bytes).toBeLessThanOrEqual(size);
    Object.assign(done, { entries: 0, bytes: 0, storedBytes: 0 });
    const all = await repository.verify(IDS[0], "content", { onProgress, onProblem: () => undefined });
    expect(all).toMatchObject({ entries: known.length, bytes: size });
  });
}

function expectSame(found: EntryInfo | undefined, { entry, bytes }: KnownEntry): void {
  const { path, type, mode, mtimeMs, uid, gid, user, group, target, section } = entry;
  const { mtimeMs: time = Number.NaN, ...facts } = found ?? {};
  expect(facts, path).toMatchObject(
    JSON.parse(JSON.stringify({ path, type, mode, uid, gid, user, group, target, section, size: bytes.length })),
  );
  expect(Math.abs(time - mtimeMs), `mtime of ${path}`).toBeLessThan(0.001);
}

/** That a file's content is told from any other, by its SHA-256 or by an identity. */
async function expectTold(found: EntryInfo | undefined, { entry: { path, type }, bytes }: KnownEntry): Promise<void> {
  const { sha256, content } = found ?? {};
  if (type !== "file") return expect([sha256, content], path).toEqual([undefined, undefined]);
  if (sha256 !== undefined || content === undefined)
    return expect(sha256, path).toBe(createHash("sha256").update(bytes).digest("hex"));
  expect(content.equals(content), path).toBe(true);
  expect(await content.matches(inPieces(bytes, 99_999)), path).toBe(true);
  expect(await content.matches(inPieces(Buffer.concat([bytes, Buffer.of(0)]), 70_000)), path).toBe(false);
  expect(await content.matches(inPieces(bytes.subarray(0, -1), 70_000)), path).toBe(bytes.length === 0);
}
