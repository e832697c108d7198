import type { Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { expect, test } from "vitest";
import { noise } from "./noise.ts";
import { backUp, contents, fileIn, folder, keysOf, later, testSite } from "./sites.ts";

/** A site with one backup, whose pack of content is lost. */
async function lossySite() {
  const root = await folder();
  const entries = [await fileIn(root, "a", noise(1, 300_000)), await fileIn(root, "b", noise(2, 5_000))];
  const storage = memoryStorage();
  const open = () => testSite({ storage, clock: later });
  await backUp(open(), 0, entries);
  const whole = Object.fromEntries(await contents(open(), 0));
  await storage.delete([await largestPack(storage)]);
  return { storage, open, entries, whole };
}

async function largestPack(storage: Storage): Promise<string> {
  const packs: { key: string; size: number }[] = [];
  for await (const { key, size } of storage.list("packs/")) packs.push({ key, size });
  return packs.sort((a, b) => b.size - a.size)[0]!.key;
}

test("what a lost pack held is stored again by the next backup, be there a prune between it and the repair", async () => {
  const { storage, open, entries, whole } = await lossySite();
  const { repository } = open();
  expect(await repository.repair!({ level: "presence" })).toMatchObject({ ok: false, lossCount: 2 });
  await repository.prune!(await repository.planPrune!(), { sessions: async () => [] });
  await backUp(open(), 1, entries);
  expect(Object.fromEntries(await contents(open(), 1))).toEqual(whole);
  expect(Object.fromEntries(await contents(open(), 0))).toEqual(whole);
  await repository.prune!(await repository.planPrune!(), { sessions: async () => [] });
  expect(await keysOf(storage, "condemned/")).toEqual([]);
  expect(Object.fromEntries(await contents(open(), 1))).toEqual(whole);
});

test("what a pack held that is lost with all that the index told of it is stored again by the next backup", async () => {
  const { storage, open, entries, whole } = await lossySite();
  await storage.delete(await keysOf(storage, "index/"));
  expect(await open().repository.repair!({ level: "presence" })).toMatchObject({ ok: false, lossCount: 2 });
  await backUp(open(), 1, entries);
  expect(Object.fromEntries(await contents(open(), 1))).toEqual(whole);
  expect(await open().repository.repair!({ level: "presence" })).toMatchObject({ ok: true });
});
