import { randomBytes } from "node:crypto";
import type { ByteRange, SourceEntry, Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { archive } from "../src/index.ts";
import { all, backUp, bytesOf, file, ID, site } from "./support.ts";

const MIB = 1024 * 1024;

/** A storage that counts what is read from it. */
function counting(inner: Storage) {
  const seen = { bytes: 0, requests: 0 };
  const storage: Storage = {
    ...inner,
    async *get(key: string, options: { range?: ByteRange | undefined; signal?: AbortSignal | undefined } = {}) {
      seen.requests += 1;
      for await (const piece of inner.get(key, options)) {
        seen.bytes += piece.length;
        yield piece;
      }
    },
  };
  return { storage, seen };
}

describe("One file out of a large archive", () => {
  it("costs a few ranged reads, not the archive", async () => {
    const inner = memoryStorage();
    const names = Array.from({ length: 60 }, (_, n) => `clip-${n}`);
    const wanted = randomBytes(MIB);
    const entries = names.map((name, n) => file(name, n === 41 ? wanted : randomBytes(MIB)));
    const context = site({ storage: inner });
    await backUp(archive(), context, entries);
    const { storage, seen } = counting(inner);
    const repository = archive().open({ ...context, storage });
    const found: Buffer[] = [];
    for await (const entry of repository.read(ID, "data", { select: ({ path }) => path === "clip-41" })) {
      found.push(await bytesOf(entry.open()));
    }
    expect(found).toEqual([wanted]);
    expect(seen.bytes).toBeLessThan(4 * MIB);
    expect(seen.requests).toBeLessThan(8);
  });

  it("lists what is inside without fetching the data", async () => {
    const inner = memoryStorage();
    const context = site({ storage: inner });
    await backUp(archive(), context, [file("large", randomBytes(20 * MIB)), file("b", randomBytes(10))]);
    const { storage, seen } = counting(inner);
    const entries = await all(
      archive()
        .open({ ...context, storage })
        .entries(ID, "data"),
    );
    expect(entries.map(({ path }) => path)).toEqual(["large", "b"]);
    expect(seen.bytes).toBeLessThan(MIB);
  });
});

describe("Backing up", () => {
  it("takes entries only as fast as the storage takes bytes", async () => {
    let taken = 0;
    async function* endless(): AsyncGenerator<SourceEntry> {
      for (let n = 0; n < 200; n++) {
        taken += 1;
        yield file(`clip-${n}`, randomBytes(MIB));
      }
    }
    const inner = memoryStorage();
    let ahead = 0;
    const slow: Storage = {
      ...inner,
      async put(key, body, options) {
        if (body instanceof Uint8Array) return inner.put(key, body, options);
        let pieces = 0;
        async function* watched(source: AsyncIterable<Uint8Array>) {
          for await (const piece of source) {
            pieces += 1;
            ahead = Math.max(ahead, taken - pieces * 2);
            yield piece;
          }
        }
        return inner.put(key, watched(body), options);
      },
    };
    await backUp(archive(), site({ storage: slow }), endless());
    expect(taken).toBe(200);
    expect(ahead).toBeLessThan(30);
  });

  it("stops at once when it is cancelled, and leaves nothing", async () => {
    const storage = memoryStorage();
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<SourceEntry> {
      for (let n = 0; ; n++) {
        if (n === 20) controller.abort(new Error("enough"));
        yield file(`clip-${n}`, randomBytes(MIB));
      }
    }
    const running = backUp(archive(), site({ storage }), endless(), { signal: controller.signal });
    await expect(running).rejects.toThrow("enough");
    expect(await all(storage.list(""))).toEqual([]);
  });

  it("fails as the source does, and leaves nothing", async () => {
    const storage = memoryStorage();
    async function* broken(): AsyncGenerator<SourceEntry> {
      yield file("a", randomBytes(3 * MIB));
      throw new Error("the dump failed");
    }
    await expect(backUp(archive(), site({ storage }), broken())).rejects.toThrow("the dump failed");
    const half = file("b", new Uint8Array(0), {
      async *open() {
        yield randomBytes(3 * MIB);
        throw new Error("the body failed");
      },
    });
    const { size: _size, ...unsized } = half;
    await expect(backUp(archive(), site({ storage }), [unsized])).rejects.toThrow("the body failed");
    expect(await all(storage.list(""))).toEqual([]);
  });

  it.each([
    ["/absolute", {}],
    ["a/../b", {}],
    ["device", { type: "device" as never }],
    ["link", { type: "symlink" as const }],
    ["climber", { type: "hardlink" as const, target: "../x" }],
    ["timeless", { mtimeMs: Number.NaN }],
  ])("refuses %s from a source: no restore would take it", async (path, extra) => {
    const running = backUp(archive(), site({ threads: 0 }), [file(path, Buffer.from("x"), extra)]);
    await expect(running).rejects.toMatchObject({ code: "INVALID", key: path });
  });
});
