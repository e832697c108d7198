import { createHash } from "node:crypto";
import { type CheckLevel, LifeboatError, type SourceEntry, type Storage, type VerifyShare } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { read } from "@lifeboat/testkit";
import { describe, expect, test } from "vitest";
import { noise } from "./noise.ts";
import { backUp, contents, fileIn, folder, idOf, keysOf, later, testSite } from "./sites.ts";

type Harm = (storage: Storage, pack: string) => Promise<unknown>;

const goes: Harm = (storage, pack) => storage.delete([pack]);
const isFlipped: Harm = async (storage, pack) => {
  const bytes = Buffer.from(await read(storage.get(pack)));
  bytes[200]! ^= 1;
  await storage.put(pack, bytes);
};
const isCut: Harm = async (storage, pack) =>
  storage.put(pack, Buffer.from(await read(storage.get(pack))).subarray(0, -1));

/** A site with one backup, whose pack of content is lost. */
async function lossySite(harm: Harm = goes) {
  const root = await folder();
  const entries = [await fileIn(root, "a", noise(1, 300_000)), await fileIn(root, "b", noise(2, 5_000))];
  const storage = memoryStorage();
  const open = () => testSite({ storage, clock: later });
  await backUp(open(), 0, entries);
  const whole = Object.fromEntries(await contents(open(), 0));
  await harm(storage, await largestPack(storage));
  return { storage, open, entries, whole };
}

/** A storage's `put` that lets no mark be written. */
function refuseMarks(storage: Storage): Storage["put"] {
  return async (key, body, options) => {
    if (!key.startsWith("condemned/")) return storage.put(key, body, options);
    throw new LifeboatError({ code: "PERMISSION_DENIED", operation: "storage.put", key, message: "no" });
  };
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

describe("what somebody finds lost is stored again by the next backup, without a repair", () => {
  const onProblem = () => undefined;
  const all: VerifyShare = { percent: 100 };

  async function expectHealed({ storage, open, entries, whole }: Awaited<ReturnType<typeof lossySite>>) {
    await backUp(open(), 1, entries);
    for (const n of [0, 1]) expect(Object.fromEntries(await contents(open(), n))).toEqual(whole);
    const problems: unknown[] = [];
    const note = { onProblem: (problem: unknown) => void problems.push(problem) };
    for (const share of [undefined, all]) await open().repository.verifyAll!("content", { share, ...note });
    for (const n of [0, 1]) await open().repository.verify(idOf(n), "content", note);
    if (problems.length > 0) expect(problems).toMatchObject([{ object: expect.stringContaining("packs/") }]);
    const { repository } = open();
    await repository.prune!(await repository.planPrune!(), { sessions: async () => [] });
    expect(await keysOf(storage, "condemned/")).toEqual([]);
    for (const n of [0, 1]) expect(Object.fromEntries(await contents(open(), n))).toEqual(whole);
  }

  test.each([
    ["is gone", goes, "presence"],
    ["was cut off", isCut, "presence"],
    ["is damaged", isFlipped, "checksum"],
    ["is damaged", isFlipped, "content"],
  ] as const)("a pack that %s, by verifying a backup (%o at %s)", async (_, harm, level: CheckLevel) => {
    const site = await lossySite(harm);
    expect(await site.open().repository.verify(idOf(0), level, { onProblem })).toMatchObject({ remembered: true });
    expect(await keysOf(site.storage, "condemned/")).toHaveLength(1);
    await expectHealed(site);
  });

  test.each([
    ["is gone", goes, "presence", undefined],
    ["is gone", goes, "checksum", all],
    ["is damaged", isFlipped, "content", undefined],
    ["is damaged", isFlipped, "checksum", all],
  ] as const)("a pack that %s, by verifying the site (%o at %s, share %o)", async (_, harm, level, share) => {
    const site = await lossySite(harm);
    expect(await site.open().repository.verifyAll!(level, { share, onProblem })).toMatchObject({ remembered: true });
    expect(await keysOf(site.storage, "condemned/")).toHaveLength(1);
    await expectHealed(site);
  });

  test("a pack that is gone with all that the index told of it", async () => {
    const site = await lossySite();
    await site.storage.delete(await keysOf(site.storage, "index/"));
    await site.open().repository.verify(idOf(0), "presence", { onProblem });
    await expectHealed(site);
  });

  test("a pack that is gone, by pruning", async () => {
    const site = await lossySite();
    const { repository } = site.open();
    await repository.prune!(await repository.planPrune!(), { sessions: async () => [] });
    await expectHealed(site);
  });

  test("a pack that is gone, by backing up something new", async () => {
    const site = await lossySite();
    const more = [...site.entries, await fileIn(await folder(), "c", noise(3, 70_000))];
    await backUp(site.open(), 2, more);
    await backUp(site.open(), 3, more);
    expect(Object.fromEntries(await contents(site.open(), 0))).toEqual(site.whole);
    for (const n of [2, 3]) expect(Object.fromEntries(await contents(site.open(), n))).toMatchObject(site.whole);
    await expectHealed(site);
  });

  test("and tells what is lost as long as it is lost, with one mark about it", async () => {
    for (const harm of [goes, isCut, isFlipped]) {
      const site = await lossySite(harm);
      for (const share of [undefined, all, all, undefined]) {
        const paths: (string | undefined)[] = [];
        const note = ({ path }: { readonly path?: string | undefined }) => paths.push(path);
        await site.open().repository.verifyAll!("content", { share, onProblem: note });
        expect(paths).toContain("a");
      }
      expect(await keysOf(site.storage, "condemned/")).toHaveLength(1);
    }
  });

  test("unless the site can't be written, which it says", async () => {
    const { storage, entries } = await lossySite(isFlipped);
    const refuse = async (key: string) =>
      Promise.reject(new LifeboatError({ code: "PERMISSION_DENIED", operation: "storage.put", key, message: "no" }));
    const { repository } = testSite({ storage: { ...storage, put: refuse } });
    expect(await repository.verify(idOf(0), "content", { onProblem })).toMatchObject({ remembered: false });
    expect(await repository.verifyAll!("content", { onProblem })).toMatchObject({ remembered: false });
    await storage.delete([await largestPack(storage)]);
    const { problems } = await repository.prune!(await repository.planPrune!(), { sessions: async () => [] });
    expect(problems.map(({ message }) => message)).toContainEqual(expect.stringContaining("could not be noted"));
    const told: unknown[] = [];
    const more = [...entries, await fileIn(await folder(), "c", noise(3, 70_000))];
    const withPacks = { ...storage, put: refuseMarks(storage) };
    const { parts } = await backUp(testSite({ storage: withPacks, clock: later }), 2, more, {
      onProblem: (problem) => told.push(problem),
    });
    expect(told).toMatchObject([{ code: "PERMISSION_DENIED", message: expect.stringContaining("could not be noted") }]);
    expect(parts[0]!.problemCount).toBe(1);
    expect(await keysOf(storage, "condemned/")).toEqual([]);
  });
});

describe("a site whose storage does not show most of its packs", () => {
  const onProblem = () => undefined;

  /** A site with twenty packs. */
  async function largeSite() {
    const root = await folder();
    const storage = memoryStorage();
    const entries: SourceEntry[] = [];
    for (let n = 0; n < 10; n++) {
      entries.push(await fileIn(root, `${n}`, noise(n, 5_000)));
      await backUp(testSite({ storage, clock: later }), n, entries);
    }
    expect(await keysOf(storage, "packs/")).toHaveLength(20);
    return { root, storage, entries, whole: Object.fromEntries(await contents(testSite({ storage }), 9)) };
  }

  /** The same storage, which shows no more than so many packs. */
  function half(storage: Storage, most: number): Storage {
    return {
      ...storage,
      async *list(prefix, options) {
        let count = 0;
        for await (const info of storage.list(prefix, options))
          if (!info.key.startsWith("packs/") || count++ < most) yield info;
      },
    };
  }

  test("is not marked: a backup and a prune are refused, verifications say that they have noted nothing", async () => {
    const { root, storage, entries, whole } = await largeSite();
    const before = await keysOf(storage, "packs/");
    const refused = {
      code: "UNREACHABLE",
      reason: "packs-missing",
      message: expect.stringMatching(/the 20 packs .*, found [09] of them/),
      hint: expect.stringContaining("engine.repair"),
    };
    const more = [...entries, await fileIn(root, "more", noise(99, 5_000))];
    for (const most of [0, 9]) {
      const { repository } = testSite({ storage: half(storage, most), clock: later });
      await expect(backUp({ repository }, 11, more)).rejects.toMatchObject(refused);
      const remembered = { remembered: false };
      for (const level of ["presence", "content"] as const) {
        expect(await repository.verify(idOf(9), level, { onProblem })).toMatchObject(remembered);
        expect(await repository.verifyAll!(level, { onProblem })).toMatchObject(remembered);
      }
      await expect(repository.planPrune!()).rejects.toMatchObject(refused);
    }
    expect(await keysOf(storage, "condemned/")).toEqual([]);
    expect(await keysOf(storage, "packs/")).toEqual(before);
    await backUp(testSite({ storage, clock: later }), 11, more); // once all is shown again
    expect(Object.fromEntries(await contents(testSite({ storage }), 11))).toMatchObject(whole);
    expect(await keysOf(storage, "packs/")).toHaveLength(before.length + 2);
  });

  test("is marked where half of them is gone, and where somebody repairs it", async () => {
    const { root, storage, entries, whole } = await largeSite();
    const keys = await keysOf(storage, "packs/");
    await storage.delete(keys.slice(10));
    const open = () => testSite({ storage, clock: later });
    expect(await open().repository.verifyAll!("presence", { onProblem })).toMatchObject({ remembered: true });
    expect(await keysOf(storage, "condemned/")).toHaveLength(1);
    await storage.delete([...keys.slice(1), ...(await keysOf(storage, "condemned/"))]);
    const more = [...entries, await fileIn(root, "more", noise(99, 5_000))];
    await expect(backUp(open(), 11, more)).rejects.toMatchObject({ code: "UNREACHABLE" });
    await open().repository.repair!({ level: "presence" });
    await backUp(open(), 11, more);
    expect(Object.fromEntries(await contents(open(), 11))).toMatchObject(whole);
  });
});

describe("what a later version has written is not marked", () => {
  const problems: { code: string; path?: string }[] = [];
  const onProblem = (problem: { code: string; path?: string }) => void problems.push(problem);

  /** As a later version would write it, with a header that is whole. */
  async function isNewer(storage: Storage, key: string) {
    const bytes = Buffer.from(await read(storage.get(key)));
    bytes[8] = 2;
    createHash("sha256").update(bytes.subarray(0, 80)).digest().copy(bytes, 80, 0, 16);
    await storage.put(key, bytes);
  }

  test.each(["verify", "verifyAll"] as const)("a pack, by %s, which tells that it is unsupported", async (how) => {
    const { storage, open } = await lossySite(isNewer);
    for (const level of ["content", "presence"] as const) {
      problems.length = 0;
      const { repository } = open();
      await (how === "verify"
        ? repository.verify(idOf(0), level, { onProblem })
        : repository.verifyAll!(level, { onProblem }));
      const codes = level === "content" ? ["UNSUPPORTED"] : [];
      expect([...new Set(problems.map(({ code }) => code))]).toEqual(codes);
      expect(await keysOf(storage, "condemned/")).toEqual([]);
    }
    await expect(contents(open(), 0)).rejects.toMatchObject({ code: "UNSUPPORTED" });
  });

  test.each(["verify", "verifyAll"] as const)("nor what only a newer index object tells of, by %s", async (how) => {
    const { storage, open } = await lossySite(async () => undefined);
    for (const key of await keysOf(storage, "index/")) await isNewer(storage, key);
    problems.length = 0;
    const { repository } = open();
    await (how === "verify"
      ? repository.verify(idOf(0), "presence", { onProblem })
      : repository.verifyAll!("presence", { onProblem }));
    expect(problems.map(({ code }) => code)).toContain("UNSUPPORTED");
    expect(await keysOf(storage, "condemned/")).toEqual([]);
  });
});
