import type { RestoredEntry } from "@lifeboat/contracts";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { openReading, readEntries, rowsOf } from "../src/lib/read/reading.ts";
import { exampleBody, KEY } from "./support.ts";
import { type Given, type WriteOptions, WrittenSite } from "./written.ts";

const BODY = exampleBody(3_000_000);

/** Reads a part; an entry that can't be read is its error. */
async function readAll(site: WrittenSite, part: Awaited<ReturnType<WrittenSite["putPart"]>>, threads = 0, asked = {}) {
  const { storage } = site;
  const found = new Map<string, Buffer | string>();
  await using reading = await openReading({ storage, key: KEY, threads, locator: site.locator(asked) }, {});
  for await (const entry of readEntries(reading, part, {})) found.set(entry.path, await contentOf(entry));
  return found;
}

async function contentOf(entry: RestoredEntry): Promise<Buffer | string> {
  try {
    if (entry.copyTo !== undefined) {
      const target = Buffer.alloc(entry.size);
      expect(entry.copyTo(target)).toBe(entry.size);
      return target;
    }
    const pieces: Buffer[] = [];
    for await (const piece of entry.open({ reuse: true })) pieces.push(Buffer.from(piece));
    return Buffer.concat(pieces);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

function expectSame(
  found: ReadonlyMap<string, Buffer | string>,
  given: readonly Given[],
  but: Record<string, string> = {},
) {
  expect([...found.keys()]).toEqual(given.map(({ path }) => path));
  for (const { path, bytes = new Uint8Array(0) } of given) {
    const one = found.get(path);
    if (path in but) expect(one, path).toBe(but[path]);
    else expect(typeof one === "string" ? one : one?.equals(bytes), path).toBe(true);
  }
}

const files = (count: number, length: number): Given[] =>
  Array.from({ length: count }, (_, n) => ({ path: `file ${n}`, bytes: BODY.subarray(n * length, (n + 1) * length) }));

describe("A part", () => {
  const shapes: [string, number, WriteOptions][] = [
    ["on the calling thread", 0, {}],
    ["in worker threads", 2, {}],
    ["stored without compression", 0, { codec: "stored" }],
    ["compressed with gzip", 0, { codec: "gzip" }],
    ["of one chunk a frame", 0, { frameBytes: 1 }],
    ["of small packs", 0, { packBytes: 1 }],
  ];

  it.each(shapes)("comes back whole and in its order, %s", async (_name, threads, options) => {
    const site = new WrittenSite(options);
    const given: Given[] = [
      { path: "folder", type: "directory", mode: 0o755 },
      ...files(20, 2500),
      { path: "empty" },
      { path: "link", type: "symlink", target: "empty" },
      { path: "large", bytes: BODY },
      { path: "last", bytes: BODY.subarray(7, 8) },
    ];
    const part = await site.putPart(given);
    expect(part.root.depth).toBe(0);
    expectSame(await readAll(site, part, threads), given);
  });

  it("of references upon references comes back whole", async () => {
    const site = new WrittenSite({ chunkBytes: 50 });
    const given = [
      { path: "a", bytes: BODY.subarray(0, 1_200_000) },
      { path: "b", bytes: BODY.subarray(2_900_000) },
    ];
    expectSame(await readAll(site, await site.putPart(given)), given);
  });

  it("comes back whatever it holds, and wherever its chunks lie", async () => {
    const lengths = fc.array(fc.nat(5000), { maxLength: 30 });
    const options = fc.record({
      frameBytes: fc.integer({ min: 1, max: 9000 }),
      packBytes: fc.integer({ min: 1, max: 9000 }),
    });
    await fc.assert(
      fc.asyncProperty(lengths, options, async (sizes, how) => {
        const site = new WrittenSite({ chunkBytes: 300, ...how });
        const given = sizes.map((size, n) => ({ path: `f${n}`, bytes: BODY.subarray(n * 100, n * 100 + size) }));
        expectSame(await readAll(site, await site.putPart(given)), given);
      }),
      { numRuns: 40 },
    );
  });

  it("is listed without holding up what else the process does", async () => {
    const site = new WrittenSite();
    const part = await site.putPart(Array.from({ length: 3_000 }, (_, n) => ({ path: `folder ${n % 99}/file ${n}` })));
    const how = { storage: site.storage, key: KEY, threads: 0, locator: site.locator() };
    await using reading = await openReading(how, {});
    let turns = 0;
    let going = true;
    const others = async () => {
      for (; going; turns++) await new Promise(setImmediate);
    };
    const waiting = others();
    let rows = 0;
    let between = 0;
    for await (const block of rowsOf(reading, part)) {
      for (const until = performance.now() + 6; performance.now() < until; ); // a reader that is busy with each block
      if (rows > 0) between = Math.max(between, turns);
      rows += block.length;
    }
    going = false;
    await waiting;
    expect(rows).toBe(3_000);
    expect(between).toBeGreaterThan(4);
  });

  it("yields what was selected alone, and reads no more than that", async () => {
    const site = new WrittenSite({ packBytes: 1e9, frameBytes: 200_000 });
    const part = await site.putPart([
      ...files(2, 3000),
      { path: "large", bytes: BODY },
      { path: "z", bytes: BODY.subarray(9, 99) },
    ]);
    await using reading = await openReading(
      { storage: site.storage, key: KEY, threads: 0, locator: site.locator() },
      {},
    );
    const found: string[] = [];
    for await (const entry of readEntries(reading, part, { select: ({ path }) => path === "file 1" })) {
      found.push(entry.path);
      expect(await contentOf(entry)).toEqual(Buffer.from(BODY.subarray(3000, 6000)));
    }
    expect(found).toEqual(["file 1"]);
    expect(reading.data.bytesRead).toBeLessThan(300_000);
  });

  it("that a reader leaves early, or that is aborted, leaves no request behind", async () => {
    const site = new WrittenSite();
    const part = await site.putPart(files(100, 20_000));
    const stop = new AbortController();
    const reason = new Error("enough");
    await using reading = await openReading(
      { storage: site.storage, key: KEY, threads: 0, locator: site.locator() },
      stop,
    );
    const entries = readEntries(reading, part, stop);
    const [first] = [await entries.next()];
    expect(first?.done).toBe(false);
    stop.abort(reason);
    await expect(entries.next()).rejects.toBe(reason);
    await using other = await openReading({ storage: site.storage, key: KEY, threads: 0, locator: site.locator() }, {});
    for await (const entry of readEntries(other, part, {})) if (entry.path === "file 3") break;
  });

  it.each([
    ["more", { counts: { files: 1, directories: 0, links: 0 } }],
    ["more bytes", { size: 1 }],
    ["fewer", { counts: { files: 99, directories: 0, links: 0 } }],
    ["fewer bytes", { size: 1e9 }],
  ])("that holds %s than its manifest promised is refused", async (_name, wrong) => {
    const site = new WrittenSite();
    const { part, root } = await site.putPart(files(5, 100));
    await using reading = await openReading(
      { storage: site.storage, key: KEY, threads: 0, locator: site.locator() },
      {},
    );
    const read = async () => {
      for await (const _ of rowsOf(reading, { root, part: { ...part, ...wrong } }));
    };
    await expect(read()).rejects.toMatchObject({ code: "CORRUPT", key: "data" });
  });
});

describe("A pack", () => {
  const given = [...files(10, 3000), { path: "large", bytes: BODY.subarray(100_000, 200_000) }, { path: "empty" }];
  const options = { chunkBytes: 1000, frameBytes: 3000, packBytes: 15_000, codec: "stored" } as const;

  async function damaged(spoil: (bytes: Uint8Array) => Uint8Array | null) {
    const site = new WrittenSite(options);
    const part = await site.putPart(given);
    const [pack] = site.packs;
    if (pack === undefined) throw new Error("There is no pack.");
    const key = packKey(pack.id);
    const bytes: Buffer[] = [];
    for await (const piece of site.storage.get(key)) bytes.push(Buffer.from(piece));
    const wrong = spoil(Buffer.concat(bytes));
    if (wrong === null) await site.storage.delete([key]);
    else await site.storage.put(key, wrong);
    return { site, part };
  }
  const flipped = (at: number) => (bytes: Uint8Array) => bytes.map((byte, n) => (n === at ? byte ^ 1 : byte));
  const inPack = (code: string) => Object.fromEntries(files(5, 1).map(({ path }) => [path, code]));

  it("that is missing costs the entries in it alone", async () => {
    const { site, part } = await damaged(() => null);
    expectSame(await readAll(site, part), given, inPack("NOT_FOUND"));
  });

  it("whose frame is damaged costs the entries in that frame alone", async () => {
    const { site, part } = await damaged(flipped(96 + 3020 + 500));
    expectSame(await readAll(site, part), given, { "file 1": "CORRUPT" });
  });

  it("whose header is damaged costs the entries in it alone", async () => {
    const { site, part } = await damaged(flipped(20));
    expectSame(await readAll(site, part), given, inPack("CORRUPT"));
  });

  it("that is cut off costs the entries behind the cut alone", async () => {
    const { site, part } = await damaged((bytes) => bytes.subarray(0, 96 + 3 * 3020 + 10));
    expectSame(await readAll(site, part), given, { "file 3": "CORRUPT", "file 4": "CORRUPT" });
  });

  it("that is damaged or gone costs nothing where another one holds the same chunks", async () => {
    for (const spoil of [
      () => null,
      flipped(96 + 3020 + 500),
      flipped(20),
      (bytes: Uint8Array) => bytes.subarray(0, 5000),
    ]) {
      const { site, part } = await damaged(spoil);
      const asked = { fresh: 0 };
      const chunks = Array.from({ length: 30 }, (_, n) => BODY.slice(n * 1000, (n + 1) * 1000));
      await site.putChunks("data", chunks);
      expectSame(await readAll(site, part, 0, asked), given);
      expect(asked.fresh).toBe(1);
    }
  });
});

it("A chunk that no index names costs the entries that need it alone", async () => {
  const site = new WrittenSite({ packBytes: 1, frameBytes: 1 });
  const given = files(4, 1000);
  const part = await site.putPart(given);
  site.packs.shift();
  expectSame(await readAll(site, part), given, { "file 0": "CORRUPT" });
});

it("A chunk whose bytes are not what its id says is never handed out", async () => {
  const site = new WrittenSite({ packBytes: 1, chunkBytes: 1000, frameBytes: 1 });
  const given = files(4, 1000);
  const part = await site.putPart(given);
  const [first, second] = site.packs;
  if (first === undefined || second === undefined) throw new Error("There are no packs.");
  // an index, or a pack's table, that lies: the ids of two packs are exchanged
  const { ids } = first.directory;
  Object.assign(first.directory, { ids: second.directory.ids });
  Object.assign(second.directory, { ids });
  expectSame(await readAll(site, part), given, { "file 0": "CORRUPT", "file 1": "CORRUPT" });
});

it("Chunks in small pieces of memory come back right, although frames leave it and come again", async () => {
  const site = new WrittenSite({ chunkBytes: 1000, frameBytes: 100_000 });
  const order = Array.from({ length: 300 }, (_, n) => (n * 37) % 300);
  const given = order.map((n) => ({ path: `${n}`, bytes: BODY.subarray(n * 10_000, (n + 1) * 10_000) }));
  await site.putPart(files(300, 10_000));
  expectSame(await readAll(site, await site.putPart(given)), given);
});
