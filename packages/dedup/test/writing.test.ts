import { randomBytes } from "node:crypto";
import { readFile, rm } from "node:fs/promises";
import type { SourceEntry } from "@lifeboat/contracts";
import { openCodec, setupCodec } from "@lifeboat/frames";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, test } from "vitest";
import { siteLocator } from "../src/lib/index/locator.ts";
import { openPartObject } from "../src/lib/read/open-part.ts";
import { openReading, rowsOf } from "../src/lib/read/reading.ts";
import { backUp, contents, fileIn, folder, idOf, keysOf, later, type TestSite, testSite } from "./sites.ts";
import { exampleBody, hex, KEY } from "./support.ts";

/** Where each file of a backup was cut, by the ids and lengths of its chunks. */
async function cutsOf({ storage, context, repository }: TestSite, n: number): Promise<Map<string, string>> {
  const manifest = await repository.manifest(idOf(n));
  const part = manifest.parts[0];
  if (part === undefined) throw new Error("no part");
  const place = { storage, key: KEY, siteId: context.siteId, id: idOf(n) };
  const { list } = await openPartObject(place, part, {});
  const zstd = await openCodec(await setupCodec("zstd", 1));
  const locator = siteLocator(storage, { key: KEY, zstd });
  await using reading = await openReading({ storage, key: KEY, threads: 0, locator }, {});
  const cuts = new Map<string, string>();
  for await (const rows of rowsOf(reading, { part, root: list })) {
    for (const { path, body } of rows)
      cuts.set(path, `${body.depth} ${Array.from(body.refs.lengths).join()} ${hex(body.refs.ids)}`);
  }
  return cuts;
}

async function tree(root: string) {
  const noise = randomBytes(13_000_000);
  return [
    await fileIn(root, "a small one", Buffer.from("Women and children first.")),
    await fileIn(root, "b empty", Buffer.alloc(0)),
    await fileIn(root, "c of one chunk", exampleBody(65_536)),
    await fileIn(root, "d of some chunks", exampleBody(3_000_000)),
    await fileIn(root, "e large", noise),
    await fileIn(
      root,
      "f large and mostly zeros",
      Buffer.concat([Buffer.alloc(9_000_000), noise.subarray(0, 100_000), Buffer.alloc(5)]),
    ),
    await fileIn(root, "g the large one again", Buffer.concat([Buffer.from("moved"), noise])),
  ];
}

test("where content is cut depends on content alone, whatever the number of threads and the way it comes", async () => {
  const root = await folder();
  const entries = await tree(root);
  const streams = entries.map(({ path, type, mode, mtimeMs, local }): SourceEntry => {
    const open = async function* () {
      const bytes = await readFile(local?.path ?? "");
      for (let at = 0; at < bytes.length; at += 70_001) yield Uint8Array.from(bytes.subarray(at, at + 70_001));
    };
    return { path, type, mode, mtimeMs, open };
  });
  const cuts: Map<string, string>[] = [];
  for (const [threads, given] of [
    [0, entries],
    [1, entries],
    [3, entries],
    [0, streams],
    [2, streams],
  ] as const) {
    const site = testSite({ threads });
    await backUp(site, 0, given);
    cuts.push(await cutsOf(site, 0));
  }
  for (const other of cuts.slice(1)) expect(Object.fromEntries(other)).toEqual(Object.fromEntries(cuts[0] ?? []));
});

describe.each([0, 2])("with %i threads", (threads) => {
  test("everything comes back as it was", async () => {
    const entries = await tree(await folder());
    const site = testSite({ threads });
    const problems: unknown[] = [];
    await backUp(site, 0, entries, { onProblem: (problem) => problems.push(problem) });
    expect(problems).toEqual([]);
    const found = await contents(site, 0);
    expect([...found.keys()]).toEqual(entries.map(({ path }) => path));
    for (const { path, local } of entries)
      expect(found.get(path)?.equals(await readFile(local?.path ?? "")), path).toBe(true);
  });

  test("content that the site has is not stored again", async () => {
    const entries = await tree(await folder());
    const storage = memoryStorage();
    const first = await backUp(testSite({ storage, threads, clock: later }), 0, entries);
    const packs = await keysOf(storage, "packs/");
    expect(first.parts[0]?.storedSize).toBeGreaterThan(13_000_000);
    expect(first.parts[0]?.storedSize).toBeLessThan(17_000_000);
    const second = await backUp(testSite({ storage, threads, clock: later }), 1, entries);
    expect(second.parts[0]?.storedSize).toBe(0);
    expect(await keysOf(storage, "packs/")).toEqual(packs);
    expect((await contents(testSite({ storage }), 1)).size).toBe(entries.length);
  });

  test("an insertion into a large file costs some chunks, not the file", async () => {
    const root = await folder();
    const bytes = randomBytes(20_000_000);
    const storage = memoryStorage();
    await backUp(testSite({ storage, threads }), 0, [await fileIn(root, "db", bytes)]);
    const edited = Buffer.concat([bytes.subarray(0, 7_000_000), Buffer.from("inserted"), bytes.subarray(7_000_000)]);
    const { parts } = await backUp(testSite({ storage, threads }), 1, [await fileIn(root, "db", edited)]);
    expect(parts[0]?.storedSize).toBeGreaterThan(0);
    expect(parts[0]?.storedSize).toBeLessThan(700_000);
    expect((await contents(testSite({ storage }), 1)).get("db")?.equals(edited)).toBe(true);
  });
});

test("a hard link to a file that could not be read is left out with it", async () => {
  const root = await folder();
  const gone = { ...(await fileIn(root, "gone", Buffer.from("x"))) };
  await rm(gone.local?.path ?? "");
  const link = { path: "link", type: "hardlink", target: "gone", mode: 0o644, mtimeMs: 0 } as const;
  const kept = await fileIn(root, "kept", Buffer.from("y"));
  const other = { ...link, path: "other link", target: "kept" } as const;
  const site = testSite();
  const problems: (string | undefined)[] = [];
  const { parts } = await backUp(site, 0, [gone, kept, link, other], { onProblem: ({ path }) => problems.push(path) });
  expect(problems).toEqual(["gone", "link"]);
  expect(parts[0]?.problemCount).toBe(2);
  expect([...(await contents(site, 0)).keys()]).toEqual(["kept", "other link"]);
});

test("a storage that allows one put at a time holds nothing up", async () => {
  const storage = memoryStorage();
  let last: Promise<unknown> = Promise.resolve();
  const narrow = new Proxy(storage, {
    get(target, name) {
      if (name !== "put") return Reflect.get(target, name);
      return (...args: Parameters<typeof storage.put>) => {
        const put = last.then(() => target.put(...args));
        last = put.catch(() => undefined); // it was that caller's failure
        return put;
      };
    },
  });
  const root = await folder();
  const entries = [];
  for (let n = 0; n < 12; n++) entries.push(await fileIn(root, `${n}`, randomBytes(5_000_000)));
  const site = testSite({ storage: narrow, threads: 3 });
  await backUp(site, 0, entries);
  expect((await contents(site, 0)).size).toBe(12);
});

test("a pack that can't be put fails the backup, and nothing is listed", async () => {
  const storage = memoryStorage();
  const full = new Proxy(storage, {
    get(target, name) {
      if (name !== "put") return Reflect.get(target, name);
      return async (...[key, ...rest]: Parameters<typeof storage.put>) => {
        if (key.startsWith("packs/")) throw Object.assign(new Error("full"), { code: "NO_SPACE" });
        return target.put(key, ...rest);
      };
    },
  });
  const root = await folder();
  const entries = [];
  for (let n = 0; n < 8; n++) entries.push(await fileIn(root, `${n}`, randomBytes(6_000_000)));
  for (const threads of [0, 2]) {
    const site = testSite({ storage: full, threads });
    await expect(backUp(site, 0, entries)).rejects.toThrow("full");
    expect(await keysOf(storage, "")).toEqual([]);
  }
});

test("what a backup stored before it was cut off is used by the next one", async () => {
  const root = await folder();
  const entries: SourceEntry[] = [];
  for (let n = 0; n < 12; n++) entries.push(await fileIn(root, String(n).padStart(2, "0"), randomBytes(3_000_000)));
  const storage = memoryStorage();
  const { repository } = testSite({ storage });
  const start = {
    id: idOf(0),
    trigger: "manual",
    started: new Date(0),
    app: { name: "t", version: "1" },
    sources: ["data"],
  } as const;
  const writer = await repository.begin(start);
  const broken = (async function* () {
    yield* entries;
    throw new RangeError("The source broke.");
  })();
  await expect(writer.part({ source: "data", description: {} }, broken)).rejects.toThrow("The source broke.");
  await writer.abort();
  expect(await keysOf(storage, "backups/")).toEqual([]);
  const { parts } = await backUp(testSite({ storage }), 1, entries);
  expect(parts[0]?.size).toBe(36_000_000);
  expect(parts[0]?.storedSize).toBeLessThan(21_000_000);
  expect((await contents(testSite({ storage }), 1)).size).toBe(12);
});
