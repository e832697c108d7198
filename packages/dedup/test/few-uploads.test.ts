import type { SourceEntry, Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, test } from "vitest";
import { noise } from "./noise.ts";
import { contents, fileIn, folder, idOf, later, testSite } from "./sites.ts";

/** A storage that takes one upload at a time; the others wait in line. */
function oneAtATime(inner: Storage): Storage {
  let last: Promise<unknown> = Promise.resolve();
  return {
    ...inner,
    put(key, body, options) {
      const put = last.then(() => inner.put(key, body, options));
      last = put.catch(() => undefined);
      return put;
    },
  };
}

/** Files of 24 MB in all. */
async function files(root: string): Promise<SourceEntry[]> {
  const entries: SourceEntry[] = [];
  for (let n = 0; n < 24; n++) entries.push(await fileIn(root, `file ${n + 10}`, noise(n, 1_000_000)));
  return entries;
}

const asStream = ({ path, mode, mtimeMs }: SourceEntry, bytes: Uint8Array): SourceEntry => ({
  path,
  type: "file",
  mode,
  mtimeMs,
  size: bytes.length,
  async *open() {
    for (let at = 0; at < bytes.length; at += 1 << 16) yield bytes.slice(at, at + (1 << 16));
  },
});

test.each([0, 1, 2])(
  "several sources are backed up where one upload goes at a time, with %i threads",
  async (threads) => {
    const root = await folder();
    const entries = await files(root);
    const storage = oneAtATime(memoryStorage());
    const app = { name: "t", version: "1" };
    const facts = { id: idOf(0), trigger: "manual", started: new Date(0), app } as const;
    const site = testSite({ storage, clock: later, threads });
    const writer = await site.repository.begin({ ...facts, sources: ["first", "data", "streams"] });
    async function* of(...some: SourceEntry[]) {
      yield* some;
    }
    const [small, ...others] = entries;
    const streams = others.slice(0, 2).map((entry, n) => asStream(entry, noise(100 + n, 12_000_000)));
    const parts = [
      await writer.part({ source: "first", description: {} }, of(small!)),
      await writer.part({ source: "data", description: {} }, of(...others)),
      await writer.part({ source: "streams", description: {} }, of(...streams)),
    ];
    await writer.commit({ ...facts, siteId: "site-1", format: "dedup", finished: facts.started, parts, problems: [] });
    expect((await contents(site, 0)).size).toBe(23);
  },
  30_000,
);
