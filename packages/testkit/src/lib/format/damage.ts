import type { VerifyProblem } from "@lifeboat/contracts";
import { isLifeboatError } from "@lifeboat/contracts";
import { expect } from "vitest";
import { bytesOf, read } from "../helpers.ts";
import { keysOf } from "../storage/harness.ts";
import { fileEntry, type KnownEntry, smallEntries } from "./entries.ts";
import { type FormatHarness, type FormatSite, IDS, problemsOf, readAll } from "./site.ts";

const FLIPS = 16;
const DAMAGED = ["CORRUPT", "UNSUPPORTED", "INCOMPATIBLE", "NOT_FOUND"];

let made: readonly KnownEntry[] | undefined;

/** More than fits into one segment or frame; made once, since it is compared with hundreds of times. */
function entries(): readonly KnownEntry[] {
  made ??= [...smallEntries(), fileEntry("more", bytesOf(1_400_000, 11))];
  return made;
}

/** That damage is found at the level that can see it, and is never taken for anything else. */
export function damage({ test }: FormatHarness): void {
  test("an object that is missing is told at every level", async (site) => {
    for (const key of await dataKeys(site)) {
      const bytes = await read(site.storage.get(key));
      await site.storage.delete([key]);
      for (const level of ["presence", "checksum", "content"] as const) {
        expectTold(await problemsOf(site.repository, level), ["NOT_FOUND", "CORRUPT"], `${key} at ${level}`);
      }
      await site.storage.put(key, bytes);
    }
    expect(await problemsOf(site.repository, "content")).toEqual([]);
  });

  test("an object that was cut off, or has something behind its end, is told at every level", async (site) => {
    for (const key of await dataKeys(site)) {
      const bytes = await read(site.storage.get(key));
      const spoiled = [bytes.subarray(0, -1), bytes.subarray(0, bytes.length / 2), Buffer.concat([bytes, bytes])];
      for (const wrong of [...spoiled, new Uint8Array()]) {
        await site.storage.put(key, wrong);
        for (const level of ["presence", "checksum", "content"] as const) {
          expectTold(
            await problemsOf(site.repository, level),
            ["CORRUPT"],
            `${key}, ${wrong.length} bytes at ${level}`,
          );
        }
      }
      await site.storage.put(key, bytes);
    }
  });

  test("a turned bit anywhere is told by the checksum; by the content unless all comes back unharmed", async (site) => {
    for (const key of await dataKeys(site)) {
      const bytes = await read(site.storage.get(key));
      for (const at of spread(bytes.length)) {
        await site.storage.put(key, flipped(bytes, at));
        expectTold(await problemsOf(site.repository, "checksum"), ["CORRUPT"], `byte ${at} of ${key}`);
        const told = await problemsOf(site.repository, "content");
        if (site.sealed || told.length > 0) expectTold(told, DAMAGED, `byte ${at} of ${key}`);
        await expectNothingWrong(site, told.length === 0);
      }
      await site.storage.put(key, bytes);
    }
  });

  test("a turned bit in the manifest is refused, and never taken for a wrong key", async (site) => {
    await site.backUp(entries().map(({ entry }) => entry));
    const key = `backups/${IDS[0]}/manifest.json`;
    const bytes = await read(site.storage.get(key));
    const before = await site.repository.manifest(IDS[0]);
    for (const at of spread(bytes.length, 200)) {
      await site.storage.put(key, flipped(bytes, at));
      try {
        const found = await site.repository.manifest(IDS[0]);
        if (site.sealed) expect(found, `byte ${at}`).toEqual(before);
      } catch (error) {
        expect(isLifeboatError(error), `byte ${at}: ${String(error)}`).toBe(true);
        expect(DAMAGED, `byte ${at}`).toContain((error as { code: string }).code);
      }
    }
  });

  test("a manifest that was swapped with another backup's is refused", async ({ storage, repository, backUp }) => {
    await backUp([fileEntry("a", bytesOf(1000)).entry]);
    await backUp([fileEntry("b", bytesOf(2000)).entry], { id: IDS[1] });
    await storage.put(`backups/${IDS[0]}/manifest.json`, storage.get(`backups/${IDS[1]}/manifest.json`));
    await expect(repository.manifest(IDS[0])).rejects.toMatchObject({
      code: expect.stringMatching(/^(CORRUPT|INCOMPATIBLE)$/),
    });
  });
}

/** Makes a backup and answers the keys of what holds its data. */
async function dataKeys({ storage, backUp }: FormatSite): Promise<readonly string[]> {
  const before = new Set(await keysOf(storage));
  await backUp(entries().map(({ entry }) => entry));
  return (await keysOf(storage)).filter((key) => !before.has(key) && !key.endsWith("/manifest.json"));
}

/** Whatever was damaged: what is read is what was backed up, or an error, and all of it where nothing was told. */
async function expectNothingWrong({ repository }: FormatSite, whole: boolean): Promise<void> {
  const expected = new Map(entries().map(({ entry, bytes }) => [entry.path, bytes]));
  try {
    for (const { entry, bytes } of await readAll(repository)) {
      if (entry.type === "file") expect(bytes.equals(expected.get(entry.path) ?? Buffer.of()), entry.path).toBe(true);
      expected.delete(entry.path);
    }
    if (whole) expect([...expected.keys()]).toEqual([]);
  } catch (error) {
    if (!isLifeboatError(error)) throw error;
    expect(whole, error.message).toBe(false);
    expect(DAMAGED).toContain(error.code);
  }
}

function expectTold(problems: readonly VerifyProblem[], codes: readonly string[], what: string): void {
  expect(problems.length, what).toBeGreaterThan(0);
  for (const { code, message } of problems) {
    expect(codes, `${what}: ${message}`).toContain(code);
    expect(message).not.toBe("");
  }
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
  return copy;
}

/** Positions all over: each of the first and last few, and some in between. */
function spread(length: number, count = FLIPS): readonly number[] {
  const ends = Array.from({ length: 5 }, (_, index) => [index * 11, length - 1 - index * 7]).flat();
  const between = Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * length) / count));
  return [...new Set([...ends, ...between])].filter((at) => at >= 0 && at < length);
}
