import { createHash, randomBytes } from "node:crypto";
import { type Clock, type LifeboatError, systemClock } from "@lifeboat/contracts";
import { deriveSubkey } from "@lifeboat/crypto";
import { openCodec, setupCodec } from "@lifeboat/frames";
import { memoryStorage } from "@lifeboat/storage-memory";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunkIds } from "../src/lib/id.ts";
import { decodeIndexHead, joinIndex } from "../src/lib/index/decode.ts";
import { encodeIndex, type IndexedPack } from "../src/lib/index/encode.ts";
import { type IndexTools, openIndex, sealIndex } from "../src/lib/index/index-object.ts";
import { listPacks, loadIndex, readIndex, reliable } from "../src/lib/index/load.ts";
import { createIndexWriter, putIndex } from "../src/lib/index/writer.ts";
import { PackBuilder } from "../src/lib/pack/pack-builder.ts";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { hex, KEY } from "./support.ts";

const tools: IndexTools = { key: KEY, zstd: await openCodec(await setupCodec("zstd", 1)) };
const id = chunkIds(deriveSubkey(KEY.siteKey, "chunk-id"));
const coded = (code: string) => expect.objectContaining({ code });
const refuse = (problem: string): never => {
  throw new Error(problem);
};

function packOf(texts: readonly (readonly string[])[], content: "data" | "lists" = "data") {
  const builder = new PackBuilder(KEY, content);
  const pieces = texts.flatMap((frame) => {
    const chunks = frame.map((text) => Buffer.from(text));
    const lengths = chunks.map((chunk) => chunk.length);
    return builder.add({ codec: "stored", bytes: Buffer.concat(chunks), lengths, ids: Buffer.concat(chunks.map(id)) });
  });
  const end = builder.end();
  return { pack: end.pack, object: Buffer.concat([...pieces, ...end.pieces]) };
}

/** Any pack, as far as an index can tell. */
const anyPack: fc.Arbitrary<IndexedPack> = fc
  .record({
    content: fc.constantFrom("data" as const, "lists" as const),
    frames: fc.array(fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 5 }), {
      minLength: 1,
      maxLength: 5,
    }),
    codec: fc.constantFrom("stored" as const, "zstd" as const, "gzip" as const),
    size: fc.integer({ min: 97, max: 128 << 20 }),
  })
  .map(({ content, frames, codec, size }) => ({
    id: randomBytes(16).toString("hex"),
    size,
    sha256: new Uint8Array(randomBytes(32)),
    directory: {
      content,
      frames: frames.map((lengths) => {
        const expanded = lengths.reduce((sum, length) => sum + length, 0);
        return { length: codec === "stored" ? expanded : 77, expanded, codec, chunks: lengths.length };
      }),
      lengths: Uint32Array.from(frames.flat()),
      ids: new Uint8Array(randomBytes(32 * frames.flat().length)),
    },
  }));

const plain = (packs: readonly IndexedPack[]) =>
  packs.map(({ sha256, directory, ...pack }) => ({
    ...pack,
    sha256: hex(sha256),
    ...directory,
    lengths: [...directory.lengths],
    ids: hex(directory.ids),
  }));

/** The specification's example. */
const EXAMPLE_ID = "d0d1d2d3d4d5d6d7d8d9dadbdcdddedf";
const example = () => ({ ...packOf([["Women and children first.", "lifeboat"]]).pack, id: EXAMPLE_ID });

describe("an index object", () => {
  it("is laid out as the specification's example", () => {
    const pack = example();
    const { packs, chunks } = encodeIndex([pack]);
    const head = "01000000" + "00000001" + "00000001" + "00000002";
    const ofPack = `${EXAMPLE_ID}000000000000011a${hex(pack.sha256)}0000000001`;
    expect(hex(packs)).toBe(`${head}${ofPack}00000021000000210000000002`);
    expect(chunks.map(({ lengths, ids }) => [hex(lengths), hex(ids)])).toEqual([
      ["0000001900000008", hex(pack.directory.ids)],
    ]);
  });

  it("comes back as it was written, whatever packs it tells of", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyPack, { minLength: 1, maxLength: 6 }), async (packs) => {
        const object = Buffer.concat(sealIndex(tools, packs));
        expect(plain(await openIndex(tools, object, "index/x"))).toEqual(plain(packs));
      }),
      { numRuns: 50 },
    );
  });

  it("is found out wherever a byte of it is changed or it is cut off", async () => {
    const object = Buffer.concat(sealIndex(tools, [example()]));
    for (let at = 0; at < object.length; at++) {
      const changed = Buffer.from(object);
      changed[at] = (changed[at] ?? 0) ^ 1;
      await expect(openIndex(tools, changed, "index/x"), `byte ${at}`).rejects.toThrow();
      await expect(openIndex(tools, object.subarray(0, at), "index/x"), `cut at ${at}`).rejects.toThrow();
    }
  });

  it("spans several segments, where it has more than 65,536 chunks", async () => {
    const count = 70_000;
    const frames = Array.from({ length: 35 }, () => ({
      length: 9,
      expanded: 2000,
      codec: "zstd" as const,
      chunks: 2000,
    }));
    const directory = {
      content: "data" as const,
      frames,
      lengths: new Uint32Array(count).fill(1),
      ids: randomBytes(count * 32),
    };
    const pack = { id: EXAMPLE_ID, size: 1000, sha256: randomBytes(32), directory };
    const [back] = await openIndex(tools, Buffer.concat(sealIndex(tools, [pack])), "index/x");
    expect(Buffer.compare(back!.directory.ids, directory.ids)).toBe(0);
    expect(back!.directory.lengths).toHaveLength(count);
  });

  it("never makes a decoder do anything but refuse, whatever bytes it gets", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (bytes, begun) => {
        if (begun) bytes.set([1, 0, 0, 0].slice(0, bytes.length));
        try {
          const head = decodeIndexHead(bytes, refuse);
          expect(head.packs.length).toBeGreaterThan(0);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

/** What is wrong, and the byte of the example's segment 0 (or its lengths) that is set to make it so. */
const NEGATIVE: readonly { readonly name: string; readonly at: number; readonly bytes: string }[] = [
  { name: "version 0", at: 0, bytes: "00" },
  { name: "a newer version", at: 0, bytes: "02" },
  { name: "another kind", at: 1, bytes: "01" },
  { name: "reserved bytes", at: 3, bytes: "01" },
  { name: "no pack", at: 4, bytes: "00000000" },
  { name: "more packs than it may have", at: 4, bytes: "00001001" },
  { name: "more packs than there are", at: 4, bytes: "00000002" },
  { name: "fewer frames than packs", at: 8, bytes: "00000000" },
  { name: "more frames than there are", at: 8, bytes: "00000002" },
  { name: "more frames than it may have", at: 8, bytes: "00040001" },
  { name: "fewer chunks than frames", at: 12, bytes: "00000000" },
  { name: "more chunks than there are", at: 12, bytes: "00000003" },
  { name: "more chunks than it may have", at: 12, bytes: "00100001" },
  { name: "a pack of no bytes", at: 32, bytes: "0000000000000000" },
  { name: "a pack larger than any", at: 32, bytes: "0000000008000001" },
  { name: "a pack larger than numbers", at: 32, bytes: "ffffffffffffffff" },
  { name: "unknown content", at: 72, bytes: "02" },
  { name: "a pack without frames", at: 73, bytes: "00000000" },
  { name: "a pack with more frames than there are", at: 73, bytes: "00000002" },
  { name: "an empty frame", at: 77, bytes: "00000000" },
  { name: "a frame larger than any", at: 77, bytes: "08000001" },
  { name: "a stored frame that shrinks", at: 77, bytes: "00000020" },
  { name: "a frame that expands to nothing", at: 81, bytes: "00000000" },
  { name: "a frame that expands to more than it may", at: 81, bytes: "01000001" },
  { name: "an unknown codec", at: 85, bytes: "03" },
  { name: "a frame without chunks", at: 86, bytes: "00000000" },
  { name: "a frame with more chunks than there are", at: 86, bytes: "00000003" },
  { name: "a frame with more chunks than it may have", at: 86, bytes: "00001001" },
];

describe("an index object is refused where it has", () => {
  it.each(NEGATIVE)("$name", ({ at, bytes }) => {
    const { packs } = encodeIndex([example()]);
    const changed = Buffer.from(packs);
    changed.set(Buffer.from(bytes, "hex"), at);
    expect(() => decodeIndexHead(changed, refuse)).toThrow();
  });

  it("any byte too few or too many", () => {
    const { packs } = encodeIndex([example()]);
    for (let at = 0; at < packs.length; at++) expect(() => decodeIndexHead(packs.subarray(0, at), refuse)).toThrow();
    expect(() => decodeIndexHead(Buffer.concat([packs, new Uint8Array(1)]), refuse)).toThrow();
  });

  it("one pack twice", () => {
    const pack = example();
    expect(() => decodeIndexHead(encodeIndex([pack, pack]).packs, refuse)).toThrow("twice");
  });

  it.each(["0000001900000009", "0000000000000021", "0100000100000008"])("lengths of chunks like %s", (lengths) => {
    const { packs, chunks } = encodeIndex([example()]);
    const head = decodeIndexHead(packs, refuse);
    expect(() => joinIndex(head, Buffer.from(lengths, "hex"), chunks[0]!.ids, refuse)).toThrow();
  });
});

describe("the index of a site", () => {
  const anyone = () => "good" as const;

  it("finds each chunk in its pack", async () => {
    const storage = memoryStorage();
    const first = packOf([["a", "bb"], ["ccc"]]);
    const second = packOf([["dddd"]], "lists");
    await putIndex(storage, tools, [first.pack, second.pack]);
    const index = await loadIndex(storage, tools, anyone);
    const place = index.find(id(Buffer.from("ccc")))!;
    expect([place.pack.id, place.frame, place.offset, place.length]).toEqual([first.pack.id, 1, 0, 3]);
    const { offset, storedLength } = place.pack.frame(1);
    expect(first.object.subarray(offset + 4, offset + storedLength - 16)).toHaveLength(3);
    expect(index.find(id(Buffer.from("bb")))).toMatchObject({ frame: 0, offset: 1, length: 2 });
    expect(index.find(id(Buffer.from("dddd")))?.pack.content).toBe("lists");
    expect(index.find(id(Buffer.from("e")))).toBeUndefined();
    expect(place.pack.info(1)).toEqual(first.pack.directory.frames[1]);
  });

  it("counts a chunk only if its pack is listed with its size, and in no mark", async () => {
    const storage = memoryStorage();
    const packs = ["gone", "avoided", "cut", "fine"].map((text) => packOf([[text]]));
    for (const { pack, object } of packs.slice(1)) await storage.put(packKey(pack.id), object);
    await storage.put(packKey(packs[2]!.pack.id), packs[2]!.object.subarray(1));
    await putIndex(
      storage,
      tools,
      packs.map(({ pack }) => pack),
    );
    const counts = reliable(await listPacks(storage), new Set([packs[1]!.pack.id]));
    const index = await loadIndex(storage, tools, counts);
    const known = ["gone", "avoided", "cut", "fine"].filter((text) => index.find(id(Buffer.from(text))) !== undefined);
    expect(known).toEqual(["fine"]);
  });

  it("is read again where objects vanish while it is read, so that nothing is overlooked", async () => {
    const storage = memoryStorage();
    const [a, b] = [packOf([["a"]]).pack, packOf([["b"]]).pack];
    await putIndex(storage, tools, [a]);
    await putIndex(storage, tools, [b]);
    const seen = new Set<string>();
    let merged = false;
    for await (const { key, packs } of readIndex(storage, tools)) {
      for (const pack of packs) seen.add(pack.id);
      if (merged) continue;
      merged = true;
      await putIndex(storage, tools, [a, b]);
      for await (const other of storage.list("index/")) {
        const mine = (await openIndex(tools, await bytes(storage, other.key), "")).length === 1 && other.key !== key;
        if (mine) await storage.delete([other.key]);
      }
    }
    expect(seen).toEqual(new Set([a.id, b.id]));
  });

  it("says which of its objects is damaged, and goes on without it only where it is told to", async () => {
    const storage = memoryStorage();
    const [key] = await putIndex(storage, tools, [packOf([["a"]]).pack]);
    await putIndex(storage, tools, [packOf([["b"]]).pack]);
    await storage.put(key!, (await bytes(storage, key!)).subarray(0, 200));
    await expect(loadIndex(storage, tools, anyone)).rejects.toThrow(coded("CORRUPT"));
    const damaged: [string, LifeboatError][] = [];
    const index = await loadIndex(storage, tools, anyone, { onDamaged: (...each) => damaged.push(each) });
    expect(damaged.map(([name]) => name)).toEqual([key]);
    expect(index.tables.size).toBe(1);
  });
});

async function bytes(storage: ReturnType<typeof memoryStorage>, key: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of storage.get(key)) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("writing the index", () => {
  const count = async (storage: ReturnType<typeof memoryStorage>) => {
    let found = 0;
    for await (const _ of storage.list("index/")) found += 1;
    return found;
  };

  it("waits until 256 MiB of packs, a minute, or the end has come", async () => {
    const storage = memoryStorage();
    let now = 0;
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const writer = createIndexWriter(storage, tools, clock);
    const add = (size: number) => writer.add({ ...packOf([[hex(createHash("md5").digest())]]).pack, size });
    await add(100 << 20);
    await add(100 << 20);
    expect(await count(storage)).toBe(0);
    await add(56 << 20);
    expect(await count(storage)).toBe(1);
    await add(1000);
    now += 59_999;
    await add(1000);
    expect(await count(storage)).toBe(1);
    now += 1;
    await add(1000);
    expect(await count(storage)).toBe(2);
    await writer.flush();
    expect(await count(storage)).toBe(2);
    await add(1000);
    await Promise.all([writer.flush(), add(1000), writer.flush()]);
    await writer.flush();
    const packs = new Set<string>();
    for await (const each of readIndex(storage, tools)) for (const { id } of each.packs) packs.add(id);
    expect(packs.size).toBe(8);
  });

  it("keeps what could not be written for the next time", async () => {
    const storage = memoryStorage();
    const put = storage.put.bind(storage);
    let fails = true;
    storage.put = (...call) => (fails ? Promise.reject(new Error("no line")) : put(...call));
    const writer = createIndexWriter(storage, tools, systemClock);
    await writer.add(packOf([["a"]]).pack);
    await expect(writer.flush()).rejects.toThrow("no line");
    fails = false;
    await writer.flush();
    expect(await count(storage)).toBe(1);
  });
});
