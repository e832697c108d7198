import { closeSync, openSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { LocalObject, Storage } from "@lifeboat/contracts";
import { RoomPool } from "@lifeboat/frames";
import { all } from "@lifeboat/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packKey } from "../src/lib/pack/pack-name.ts";
import type { PackPlace } from "../src/lib/read/chunk-map.ts";
import { FrameFetcher, type FrameRequest } from "../src/lib/read/frame-fetch.ts";
import { PackFiles } from "../src/lib/read/pack-files.ts";
import type { ReadThreads } from "../src/lib/read/read-threads.ts";
import type { Unpacked } from "../src/lib/worker/unpack.ts";
import { noise } from "./noise.ts";
import { KEY } from "./support.ts";
import { WrittenSite } from "./written.ts";

let root = "";
let path = "";
let storage: Storage;
let pack: PackPlace;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "lifeboat-frame-fetch-"));
  path = join(root, "pack");
  const site = new WrittenSite({ frameBytes: 1000, codec: "stored" });
  const chunks = Array.from({ length: 4 }, (_, n) => noise(n, 1000));
  const [written] = await site.putChunks("data", chunks);
  const place = (await site.locator().map(undefined)).find(
    written?.directory.ids.subarray(0, 32) ?? new Uint8Array(32),
  );
  if (written === undefined || place === undefined) throw new Error("There is no pack.");
  ({ storage } = site);
  ({ pack } = place);
  await writeFile(path, Buffer.concat(await all(storage.get(packKey(written.id)))));
});
afterAll(() => rm(root, { recursive: true, force: true }));

/** What became of the requests for all of a pack's frames. */
function requested() {
  const outcomes = new Map<number, unknown>();
  const frames = Array.from({ length: pack.frameCount }, (_, frame): FrameRequest => {
    const set = (outcome: unknown) => outcomes.set(frame, outcome);
    const checks = { spans: new Uint32Array(0), ids: new Uint8Array(0) };
    return { pack, frame, keep: false, checks, resolve: set, reject: set };
  });
  return { outcomes, run: { pack, frames } };
}

function fetcherOf(from: Storage, run: () => Promise<Unpacked>): FrameFetcher {
  const threads: ReadThreads = { run, isInline: false, [Symbol.asyncDispose]: async () => {} };
  const rooms = new RoomPool(0, 0);
  return new FrameFetcher({ storage: from, siteKey: KEY.siteKey, threads, size: 2, rooms, signal: undefined });
}

function opening(opened: LocalObject[] = []): Storage {
  return {
    ...storage,
    async openFile() {
      const fd = openSync(path, "r");
      const object = { fd, size: 0, [Symbol.asyncDispose]: async () => closeSync(fd) };
      opened.push(object);
      return object;
    },
  };
}

describe("Fetching frames", () => {
  it("settles each of them, also where their file can't be read and the reading ends meanwhile", async () => {
    let asked = 0;
    const fetcher = fetcherOf(opening(), async () => {
      asked += 1;
      if (asked === 2) fetcher.stop();
      return { bad: [], unread: true };
    });
    const { outcomes, run } = requested();
    await fetcher.fetch(run);
    await fetcher.close();
    expect(outcomes.size).toBe(run.frames.length);
    for (const outcome of outcomes.values()) expect(outcome).toMatchObject({ message: "The reading has ended." });
  });

  it("opens no file any more once it was stopped", async () => {
    const opened: LocalObject[] = [];
    const fetcher = fetcherOf(opening(opened), async () => ({ bad: [] }));
    fetcher.stop();
    await fetcher.close();
    const { outcomes, run } = requested();
    await fetcher.fetch(run);
    expect(outcomes.size).toBe(run.frames.length);
    expect(opened).toEqual([]);
  });

  it("asks the storage where the file's beginning can't be read", async () => {
    const fd = openSync(path, "a"); // not for reading
    const from: Storage = {
      ...storage,
      openFile: async () => ({ fd, size: 0, [Symbol.asyncDispose]: async () => closeSync(fd) }),
    };
    const fetcher = fetcherOf(from, async () => ({ bad: [] }));
    const { outcomes, run } = requested();
    await fetcher.fetch(run);
    await fetcher.close();
    expect([...outcomes.values()]).toEqual(run.frames.map(() => ({ bad: [] })));
  });

  it("ends only when the threads have, also where the storage's stream ends badly", async () => {
    const from: Storage = {
      ...storage,
      get(key, o) {
        const stream = storage.get(key, o)[Symbol.asyncIterator]();
        return {
          [Symbol.asyncIterator]: () => ({
            next: () => stream.next(),
            return: () => Promise.reject(new Error("It can't be closed.")),
          }),
        };
      },
    };
    const fetcher = fetcherOf(from, async () => {
      for (let turn = 0; turn < 20; turn++) await nextTurn();
      return { bad: [] };
    });
    const { outcomes, run } = requested();
    await fetcher.fetch(run);
    expect(outcomes.size).toBe(run.frames.length);
  });
});

it("Files of packs are all closed, whatever becomes of one of them", async () => {
  const closed: string[] = [];
  const files = new PackFiles({
    ...storage,
    openFile: async (key) => ({
      fd: -1,
      size: 0,
      async [Symbol.asyncDispose]() {
        closed.push(key);
        throw new Error("It can't be closed.");
      },
    }),
  });
  const names = ["a", "b"].map((digit) => digit.repeat(32));
  for (const name of names) (await files.open(name, undefined))?.[Symbol.dispose]();
  await files[Symbol.asyncDispose]();
  expect(closed).toEqual(names.map(packKey));
});
