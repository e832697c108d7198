import { LifeboatError, type ProblemReport, type SourceEntry } from "@lifeboat/contracts";
import { expect } from "vitest";
import { all, bytesOf, failureOf } from "../helpers.ts";
import { fileEntry, localEntry } from "./entries.ts";
import { backupStart, each, type FormatHarness, IDS, partStart, problemsOf, readAll } from "./site.ts";

/** The source's word that one file cannot be had, before its first byte. */
function refused(code: "NOT_FOUND" | "PERMISSION_DENIED"): AsyncGenerator<Uint8Array> {
  const message = "This file cannot be had.";
  return brokenAfter(0, new LifeboatError({ code, operation: "source.read", message, key: "bad" }));
}

async function* brokenAfter(length: number, error: Error): AsyncGenerator<Uint8Array> {
  if (length > 0) yield bytesOf(length);
  throw error;
}

/** Entries of which one alone is in trouble. */
const ALONE: Readonly<Record<string, SourceEntry>> = {
  "that is gone": fileEntry("bad", bytesOf(5000), { open: () => refused("NOT_FOUND") }).entry,
  "that may not be read": fileEntry("bad", bytesOf(5000), { open: () => refused("PERMISSION_DENIED") }).entry,
  "of unknown size that may not be read": fileEntry("bad", bytesOf(0), {
    unknownSize: true,
    open: () => refused("PERMISSION_DENIED"),
  }).entry,
  "that became shorter": fileEntry("bad", bytesOf(5000), { size: 9000 }).entry,
  "that became longer": fileEntry("bad", bytesOf(9000), { size: 5000 }).entry,
  "that became empty": fileEntry("bad", bytesOf(0), { size: 5000 }).entry,
  "that is no longer empty": fileEntry("bad", bytesOf(5000), { size: 0 }).entry,
  "that became much shorter": fileEntry("bad", bytesOf(3_000_000), { size: 9_000_000 }).entry,
  "that became much longer": fileEntry("bad", bytesOf(9_000_000), { size: 3_000_000 }).entry,
};

/** That one bad entry is recorded and costs no other, and that a broken source is no success. */
export function troubles({ test }: FormatHarness): void {
  for (const [what, entry] of Object.entries(ALONE)) {
    test(`a file ${what} is recorded as a problem, and the rest is stored`, async ({ repository, backUp }) => {
      const reported: ProblemReport[] = [];
      const around = [fileEntry("before", bytesOf(100_000, 1)), fileEntry("behind", bytesOf(100_000, 2))];
      const entries = [around[0]?.entry, entry, around[1]?.entry].filter((one) => one !== undefined);
      const manifest = await backUp(entries, { onProblem: (problem) => reported.push(problem) });
      expect(reported.map(({ path }) => path)).toEqual(["bad"]);
      expect(reported[0]?.message).not.toBe("");
      expect(manifest.parts[0]?.problemCount).toBe(1);
      const found = new Map((await readAll(repository)).map((one) => [one.entry.path, one.bytes]));
      for (const { entry: whole, bytes } of around) expect(found.get(whole.path)?.equals(bytes), whole.path).toBe(true);
      expect(await problemsOf(repository, "content")).toEqual([]);
    });
  }

  test("local files are read where they lie; one that is gone is recorded, one that changed is stored as it is now or recorded", async (site) => {
    const known = [
      await localEntry("small", bytesOf(1000, 1)),
      await localEntry("empty", bytesOf(0)),
      await localEntry("gone", bytesOf(1000, 2), "remove"),
      await localEntry("large", bytesOf(9_000_000, 3)),
      await localEntry("large and gone", bytesOf(9_000_000, 4), "remove"),
      await localEntry("longer", bytesOf(2000, 5), "append"),
      await localEntry("last", bytesOf(3000, 6)),
    ];
    const reported: ProblemReport[] = [];
    const entries = known.map(({ entry }) => entry);
    const manifest = await site.backUp(entries, { onProblem: (problem) => reported.push(problem) });
    const recorded = new Set(reported.map(({ path }) => path));
    expect(recorded.has("gone") && recorded.has("large and gone")).toBe(true);
    expect(manifest.parts[0]?.problemCount).toBe(recorded.size);
    const found = new Map((await readAll(site.repository)).map((one) => [one.entry.path, one.bytes]));
    const now = Buffer.concat([bytesOf(2000, 5), Buffer.from("and more")]);
    if (!recorded.has("longer")) expect(found.get("longer")?.equals(now)).toBe(true);
    expect(recorded.size).toBe(recorded.has("longer") ? 3 : 2);
    for (const index of [0, 1, 3, 6]) {
      const { entry, bytes } = known[index] ?? fileEntry("", bytesOf(0));
      expect(found.get(entry.path)?.equals(bytes), entry.path).toBe(true);
    }
    expect(await problemsOf(site.repository, "content")).toEqual([]);
  });

  for (const length of [0, 2000, 5_000_000]) {
    for (const unknownSize of [false, true]) {
      const size = unknownSize ? "unknown" : "known";
      test(`a body of ${size} size whose program fails after ${length} bytes fails the backup`, async (site) => {
        const { repository, ownKeys } = site;
        const error = new LifeboatError({ code: "SOURCE_FAILED", operation: "source.dump", message: "Exit code 1." });
        const open = () => brokenAfter(length, error);
        const bad = fileEntry("dump", bytesOf(6_000_000), { unknownSize, open });
        const writer = await repository.begin(backupStart(IDS[0], ["data"]));
        const entries = [fileEntry("before", bytesOf(1000)).entry, bad.entry];
        expect(await failureOf(writer.part(partStart("data"), each(entries)))).toBe(error);
        await writer.abort();
        expect(await all(repository.list())).toEqual([]);
        expect(await ownKeys()).toEqual([]);
      });
    }
  }
}
