import type { Storage } from "@lifeboat/contracts";
import { expect } from "vitest";
import { all, bytesOf, failureOf, read } from "../helpers.ts";
import { fileEntry, smallEntries } from "./entries.ts";
import { type FormatHarness, IDS, readAll } from "./site.ts";

/** That a reader gets what it asks for, and pays for no more. */
export function reading({ test, options }: FormatHarness): void {
  test("a selection yields only what it takes, with its content", async ({ repository, backUp }) => {
    const known = smallEntries();
    await backUp(known.map(({ entry }) => entry));
    for (const wanted of [[], ["last"], ["folder/two", "folder/link"], known.map(({ entry }) => entry.path)]) {
      const found: string[] = [];
      for await (const entry of repository.read(IDS[0], "data", { select: ({ path }) => wanted.includes(path) })) {
        found.push(entry.path);
        if (entry.type !== "file") continue;
        const expected = known.find(({ entry: { path } }) => path === entry.path)?.bytes ?? new Uint8Array();
        expect((await read(entry.open())).equals(expected), entry.path).toBe(true);
      }
      expect(found).toEqual(known.map(({ entry }) => entry.path).filter((path) => wanted.includes(path)));
    }
  });

  test("content may be left unread, or left early", async ({ repository, backUp }) => {
    const known = Array.from({ length: 12 }, (_, index) => fileEntry(`file ${index}`, bytesOf(400_000, index + 1)));
    await backUp(known.map(({ entry }) => entry));
    let index = 0;
    for await (const entry of repository.read(IDS[0], "data")) {
      const bytes = known[index]?.bytes ?? new Uint8Array();
      if (index % 3 === 0) expect((await read(entry.open())).equals(bytes)).toBe(true);
      if (index % 3 === 1) for await (const piece of entry.open()) if (piece.length > 0) break;
      index += 1;
    }
    expect(index).toBe(12);
    for await (const entry of repository.read(IDS[0], "data")) if (entry.path === "file 2") break;
  });

  test("a piece that is used up at once may lie in the same memory as the next", async ({ repository, backUp }) => {
    const known = [fileEntry("small", bytesOf(1000, 1)), fileEntry("large", bytesOf(9_000_000, 2))];
    await backUp(known.map(({ entry }) => entry));
    const found: Buffer[] = [];
    for await (const entry of repository.read(IDS[0], "data")) {
      const pieces: Buffer[] = [];
      for await (const piece of entry.open({ reuse: true })) pieces.push(Buffer.from(piece));
      found.push(Buffer.concat(pieces));
    }
    expect(found.map((bytes, n) => bytes.equals(known[n]?.bytes ?? Buffer.alloc(0)))).toEqual([true, true]);
  });

  test("pieces stay as they are, unless they may be used again", async ({ repository, backUp }) => {
    const known = Array.from({ length: 4 }, (_, n) => fileEntry(`file ${n}`, bytesOf(n % 2 ? 9_000_000 : 3000, n + 1)));
    await backUp(known.map(({ entry }) => entry));
    const kept: Uint8Array[][] = [];
    for await (const entry of repository.read(IDS[0], "data")) kept.push(await all(entry.open()));
    expect(kept.map((pieces, n) => Buffer.concat(pieces).equals(known[n]?.bytes ?? Buffer.alloc(0)))).not.toContain(
      false,
    );
  });

  test("content that is asked for too late is refused, never another entry's", async ({ repository, backUp }) => {
    const known = Array.from({ length: 6 }, (_, n) => fileEntry(`file ${n}`, bytesOf(n % 3 ? 3000 : 9_000_000, n + 1)));
    await backUp(known.map(({ entry }) => entry));
    const entries = await all(repository.read(IDS[0], "data"));
    for (const entry of entries) {
      expect(await failureOf(read(entry.open())), entry.path).toMatchObject({ code: "INVALID", key: entry.path });
      if (entry.copyTo === undefined) continue;
      const target = Buffer.alloc(entry.size);
      expect(() => entry.copyTo?.(target), entry.path).toThrow(expect.objectContaining({ code: "INVALID" }));
      expect(target.every((byte) => byte === 0)).toBe(true);
    }
  });

  test("the list of entries, and one small file, are read without the rest", async ({ storage, open, backUp }) => {
    const large = bytesOf(16 * 1024 * 1024, 1);
    const known = [
      fileEntry("a large", large),
      fileEntry("small", bytesOf(1000, 2)),
      fileEntry("z large", large.subarray(9)),
    ];
    await backUp(known.map(({ entry }) => entry));
    const counter = { bytes: 0 };
    const repository = open({ storage: counting(storage, counter) });
    expect((await all(repository.entries(IDS[0], "data"))).length).toBe(3);
    expect(counter.bytes).toBeLessThan(options.listBytes ?? 4 * 1024 * 1024);
    counter.bytes = 0;
    for await (const entry of repository.read(IDS[0], "data", { select: ({ path }) => path === "small" })) {
      expect((await read(entry.open())).equals(bytesOf(1000, 2))).toBe(true);
    }
    expect(counter.bytes).toBeLessThan(8 * 1024 * 1024);
  });

  test("an abort ends a reading with its reason", async ({ repository, backUp }) => {
    await backUp(smallEntries().map(({ entry }) => entry));
    const stop = new AbortController();
    const reason = { what: "enough" };
    const reads = async () => {
      for await (const entry of repository.read(IDS[0], "data", { signal: stop.signal })) {
        if (entry.path === "folder/one") stop.abort(reason);
      }
    };
    expect(await failureOf(reads())).toBe(reason);
    const signal = AbortSignal.abort(reason);
    expect(await failureOf(all(repository.entries(IDS[0], "data", { signal })))).toBe(reason);
    expect(await failureOf(repository.manifest(IDS[0], { signal }))).toBe(reason);
    expect(await failureOf(repository.verify(IDS[0], "content", { signal, onProblem: () => undefined }))).toBe(reason);
  });

  test("what is not there is told apart: the backup, the source", async ({ repository, backUp }) => {
    await backUp(smallEntries().map(({ entry }) => entry));
    const absent = { code: "NOT_FOUND" };
    expect(await failureOf(repository.manifest(IDS[1]))).toMatchObject(absent);
    expect(await failureOf(readAll(repository, IDS[1]))).toMatchObject(absent);
    expect(await failureOf(all(repository.entries(IDS[0], "other")))).toMatchObject(absent);
    expect(await failureOf(readAll(repository, IDS[0], "other"))).toMatchObject(absent);
  });

  test("with another key a backup is refused", async ({ sealed, open, backUp }) => {
    await backUp(smallEntries().map(({ entry }) => entry));
    const { secret } = options;
    if (!sealed || secret === undefined) return; // an unencrypted site has no key to mistake
    const key = secret.key.map((byte) => byte ^ 0xff);
    const repository = open({ secret: { ...secret, key } });
    // Which of the two it is, the site's descriptor tells: a manifest's MAC alone cannot.
    const refused = { code: expect.stringMatching(/^(WRONG_KEY|CORRUPT)$/) };
    expect(await failureOf(repository.manifest(IDS[0]))).toMatchObject(refused);
    expect(await failureOf(readAll(repository))).toMatchObject(refused);
  });
}

/** The storage, counting the bytes that are read from it. */
function counting(storage: Storage, counter: { bytes: number }): Storage {
  return {
    ...storage,
    async *get(key, o) {
      for await (const piece of storage.get(key, o)) {
        counter.bytes += piece.length;
        yield piece;
      }
    },
  };
}
