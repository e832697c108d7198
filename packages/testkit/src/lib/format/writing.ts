import { expect } from "vitest";
import { all, bytesOf, failureOf, read } from "../helpers.ts";
import { fileEntry, smallEntries } from "./entries.ts";
import { backupStart, each, type FormatHarness, IDS, partStart, readAll } from "./site.ts";

/** That a backup exists with its manifest, and not a moment before. */
export function writing({ test }: FormatHarness): void {
  test("nothing is listed as complete before it is committed", async ({ repository, storage, backUp }) => {
    const complete = async () => (await all(repository.list())).filter((backup) => backup.complete).map(({ id }) => id);
    const writer = await repository.begin(backupStart(IDS[1], ["data"]));
    expect(await complete()).toEqual([]);
    await writer.part(partStart("data"), each(smallEntries().map(({ entry }) => entry)));
    expect(await complete()).toEqual([]);
    expect(await storage.stat(`backups/${IDS[1]}/manifest.json`)).toBeNull();
    await expect(repository.manifest(IDS[1])).rejects.toMatchObject({ code: "NOT_FOUND" });
    await writer.abort();
    await backUp(smallEntries().map(({ entry }) => entry));
    expect(await complete()).toEqual([IDS[0]]);
  });

  test("an aborted backup leaves nothing, and others stay", async ({ repository, ownKeys, backUp }) => {
    await backUp(smallEntries().map(({ entry }) => entry));
    const before = await ownKeys();
    for (const parts of [0, 1, 2]) {
      const writer = await repository.begin(backupStart(IDS[1], ["one", "two"]));
      for (const source of ["one", "two"].slice(0, parts)) {
        await writer.part(partStart(source), each([fileEntry("other", bytesOf(500_000, 77)).entry]));
      }
      await writer.abort();
      expect(await ownKeys()).toEqual(before);
    }
    expect(await readAll(repository)).toHaveLength(smallEntries().length);
  });

  test("an abort in the middle of a part stops it with the reason, and leaves nothing", async (site) => {
    const { ownKeys, repository } = site;
    for (const moment of ["between entries", "inside a body that stays silent"]) {
      const stop = new AbortController();
      const reason = { moment };
      async function* entries() {
        yield fileEntry("one", bytesOf(100_000)).entry;
        if (moment === "between entries") stop.abort(reason);
        yield fileEntry("two", bytesOf(100_000), { open: silent }).entry;
        yield fileEntry("three", bytesOf(100_000)).entry;
      }
      async function* silent() {
        yield bytesOf(50_000);
        stop.abort(reason);
        await new Promise(() => undefined);
      }
      const writer = await repository.begin(backupStart(IDS[0], ["data"]));
      const part = writer.part(partStart("data"), entries(), { signal: stop.signal });
      expect(await failureOf(part), moment).toBe(reason);
      await writer.abort();
      expect(await ownKeys()).toEqual([]);
    }
  });

  test("an error of the source's own iteration fails the part as it was thrown", async ({ repository, ownKeys }) => {
    const error = new RangeError("the source broke");
    async function* entries() {
      yield fileEntry("one", bytesOf(100_000)).entry;
      throw error;
    }
    const writer = await repository.begin(backupStart(IDS[0], ["data"]));
    expect(await failureOf(writer.part(partStart("data"), entries()))).toBe(error);
    await writer.abort();
    expect(await ownKeys()).toEqual([]);
  });

  test("two backups beside each other do not touch", async ({ repository, backUp }) => {
    const [one, two] = [[fileEntry("same", bytesOf(10_000, 1))], [fileEntry("same", bytesOf(10_000, 2))]];
    const entries = (known: typeof one) => known.map(({ entry }) => entry);
    await Promise.all([backUp(entries(one), { id: IDS[0] }), backUp(entries(two), { id: IDS[1] })]);
    expect((await readAll(repository, IDS[0]))[0]?.bytes.equals(bytesOf(10_000, 1))).toBe(true);
    expect((await readAll(repository, IDS[1]))[0]?.bytes.equals(bytesOf(10_000, 2))).toBe(true);
    expect((await all(repository.list())).map(({ id }) => id).sort()).toEqual([...IDS]);
  });

  test("a second backup of the same id is refused, and the first one stays whole", async ({ repository, backUp }) => {
    await backUp([fileEntry("a", bytesOf(1000, 1)).entry]);
    const writer = await repository.begin(backupStart(IDS[0], ["other"])).catch((error: unknown) => error);
    if (writer instanceof Error) return expect(writer).toMatchObject({ code: "ALREADY_EXISTS" });
    const manifest = await repository.manifest(IDS[0]);
    const commit = (writer as Awaited<ReturnType<typeof repository.begin>>).commit(manifest);
    expect(await failureOf(commit)).toMatchObject({ code: "ALREADY_EXISTS" });
    for await (const entry of repository.read(IDS[0], "data")) {
      expect((await read(entry.open())).equals(bytesOf(1000, 1))).toBe(true);
    }
  });
}
