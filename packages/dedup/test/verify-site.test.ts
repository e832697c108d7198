import type { CheckLevel, SiteChecked, SiteCheckOptions, SiteProblem, SourceEntry, Storage } from "@lifeboat/contracts";
import { chooseShare } from "@lifeboat/manifests";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { noise } from "./noise.ts";
import { backUp, idOf, keysOf, type TestSite, testSite } from "./sites.ts";

const file = (path: string, bytes: Uint8Array): SourceEntry => ({
  path,
  type: "file",
  mode: 0o644,
  mtimeMs: 0,
  size: bytes.length,
  async *open() {
    yield bytes;
  },
});

/** Three backups of which the second shares most with the first, and the third nothing. */
const FIRST = [...Array(30).keys()].map((n) => file(`a${n}`, noise(n, 40_000 + 3_000 * n)));
const SECOND = [...FIRST.slice(0, 25), ...[1, 2].map((n) => file(`b${n}`, noise(100 + n, 300_000)))];
const THIRD = [...Array(10).keys()].map((n) => file(`c${n}`, noise(200 + n, 100_000)));

interface Outcome extends SiteChecked {
  readonly problems: readonly SiteProblem[];
}

async function verify(
  { repository }: Pick<TestSite, "repository">,
  level: CheckLevel = "content",
  options: Omit<SiteCheckOptions, "onProblem"> = {},
): Promise<Outcome> {
  const problems: SiteProblem[] = [];
  const done = await repository.verifyAll?.(level, { ...options, onProblem: (problem) => problems.push(problem) });
  if (done === undefined) throw new Error("It can't verify a site.");
  return { ...done, problems };
}

/** The entries of each backup that problems name. */
const touched = (problems: readonly SiteProblem[]) =>
  [...new Set(problems.flatMap(({ id, path }) => (path === undefined ? [] : [`${id} ${path}`])))].sort();

/** The entries of each backup that can't be read. */
async function unreadable({ repository }: TestSite, backups: readonly number[]): Promise<string[]> {
  const lost: string[] = [];
  for (const n of backups) {
    for await (const entry of repository.read(idOf(n), "data")) {
      try {
        for await (const _ of entry.open({ reuse: true }));
      } catch {
        lost.push(`${idOf(n)} ${entry.path}`);
      }
    }
  }
  return lost.sort();
}

/** Counts the bytes that are read of each object. */
function counting(storage: Storage): { storage: Storage; read: Map<string, number> } {
  const read = new Map<string, number>();
  const counted: Storage = Object.create(storage, {
    get: {
      value: async function* (key: string, options?: Parameters<Storage["get"]>[1]) {
        for await (const piece of storage.get(key, options)) {
          read.set(key, (read.get(key) ?? 0) + piece.length);
          yield piece;
        }
      },
    },
  });
  return { storage: counted, read };
}

async function bytesAt(storage: Storage, key: string): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of storage.get(key)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

describe("A whole site", () => {
  let site: TestSite;
  let packs: string[];

  beforeEach(async () => {
    site = testSite();
    for (const [n, entries] of [FIRST, SECOND, THIRD].entries()) await backUp(site, n, entries);
    packs = await keysOf(site.storage, "packs/");
  });

  /** What was found is told anew, as if for the first time. */
  async function forgetMarks(): Promise<void> {
    await site.storage.delete(await keysOf(site.storage, "condemned/"));
  }

  async function flip(key: string, at: number): Promise<void> {
    const bytes = await bytesAt(site.storage, key);
    const where = Math.floor(at * bytes.length);
    bytes[where] = (bytes[where] ?? 0) ^ 1;
    await site.storage.put(key, bytes);
  }

  it.each(["presence", "checksum", "content"] as const)("is found whole at %s, each pack read once", async (level) => {
    const { storage, read } = counting(site.storage);
    const done = await verify(testSite({ storage, threads: level === "content" ? 2 : 0 }), level);
    expect(done.problems).toEqual([]);
    expect(done.backups).toEqual([0, 1, 2].map(idOf));
    expect(done.entries).toBe(FIRST.length + SECOND.length + THIRD.length);
    expect(done.contentBytes).toBe([...FIRST, ...SECOND, ...THIRD].reduce((sum, { size = 0 }) => sum + size, 0));
    expect(done.totalObjects).toBe(packs.length);
    if (level === "presence") return;
    expect([done.objects, done.bytes]).toEqual([packs.length, done.totalBytes]);
    for (const key of packs) {
      const { length } = await bytesAt(site.storage, key);
      if (length > 100_000) expect((read.get(key) ?? 0) / length, key).toBeLessThan(1.5); // tables are read ahead of what they tell of
    }
  });

  it("goes through a list that many backups have once", async () => {
    for (let n = 3; n < 9; n++) await backUp(site, n, THIRD);
    const { storage, read } = counting(site.storage);
    const done = await verify(testSite({ storage }), "presence");
    expect(done.entries).toBe(FIRST.length + SECOND.length + 7 * THIRD.length);
    let listBytes = 0;
    for (const key of await keysOf(storage, "packs/")) listBytes += read.get(key) ?? 0;
    expect(listBytes).toBeLessThan(30_000);
  });

  it("names exactly the entries that a damaged pack touches, in every backup", async () => {
    for (const key of packs) {
      for (const at of [0.3, 0.7]) {
        const bytes = await bytesAt(site.storage, key);
        if (bytes.length < 100_000) continue;
        await flip(key, at);
        const lost = await unreadable(site, [0, 1, 2]);
        expect(lost.length).toBeGreaterThan(0);
        for (const level of ["checksum", "content"] as const) {
          const { problems } = await verify(site, level);
          expect(touched(problems), `${key} ${at} ${level}`).toEqual(lost);
          expect(problems.filter(({ id }) => id === undefined)).toMatchObject([{ code: "CORRUPT", object: key }]);
          await forgetMarks();
        }
        await site.storage.put(key, bytes);
      }
    }
    expect((await verify(site)).problems).toEqual([]);
  });

  it("names exactly the entries that a missing pack touches, at every level", async () => {
    for (const key of packs) {
      const bytes = await bytesAt(site.storage, key);
      if (bytes.length < 100_000) continue;
      await site.storage.delete([key]);
      const lost = await unreadable(site, [0, 1, 2]);
      for (const level of ["presence", "checksum", "content"] as const) {
        const { problems } = await verify(site, level);
        expect(touched(problems)).toEqual(lost);
        expect(problems).toContainEqual(expect.objectContaining({ code: "NOT_FOUND", object: key }));
        await forgetMarks();
      }
      await site.storage.put(key, bytes);
    }
  });

  it("names the backups whose list is damaged, and goes on with the others", async () => {
    for (const key of packs) {
      const bytes = await bytesAt(site.storage, key);
      if (bytes.length >= 100_000) continue;
      await flip(key, 0.4);
      const broken = new Set((await verify(site)).problems.flatMap(({ id, source }) => (id && source ? [id] : [])));
      for (const n of [0, 1, 2]) {
        const reads = await unreadable(site, [n]).then(
          () => true,
          () => false,
        );
        expect(broken.has(idOf(n)), `${key} ${n}`).toBe(!reads);
      }
      await site.storage.put(key, bytes);
    }
  });

  it("names a damaged manifest, part, or index object", async () => {
    const keys = [...(await keysOf(site.storage, `backups/${idOf(1)}/`)), ...(await keysOf(site.storage, "index/"))];
    expect(keys.length).toBeGreaterThan(2);
    for (const key of keys) {
      const bytes = await bytesAt(site.storage, key);
      await flip(key, 0.5);
      const { problems } = await verify(testSite({ storage: site.storage }), "presence");
      const name = key.startsWith("index/") ? key : key.slice(`backups/${idOf(1)}/`.length);
      expect(problems).toContainEqual(expect.objectContaining({ object: name }));
      await site.storage.put(key, bytes);
    }
  });

  it("is let off a backup that is deleted meanwhile", async () => {
    const { storage } = site;
    let deleted = false;
    const racing: Storage = Object.create(storage, {
      list: {
        value: async function* (prefix: string, options?: Parameters<Storage["list"]>[1]) {
          if (prefix.startsWith("condemned/") && !deleted) {
            deleted = true;
            await site.repository.remove([idOf(0)]);
          }
          yield* storage.list(prefix, options);
        },
      },
    });
    const done = await verify(testSite({ storage: racing }));
    expect(done.problems).toEqual([]);
    expect(done.backups).toEqual([1, 2].map(idOf));
  });

  it("stops at once when it is aborted, with the reason", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const onProgress = () => stop.abort(reason);
    await expect(verify(site, "content", { signal: stop.signal, onProgress })).rejects.toBe(reason);
    expect(await keysOf(site.storage, "verified/")).toEqual([]);
  });

  it("is verified although nothing can be written, and says that it is not remembered", async () => {
    const { storage } = site;
    const readOnly: Storage = Object.create(storage, {
      put: { value: () => Promise.reject(new Error("It is read-only.")) },
    });
    expect(await verify(testSite({ storage: readOnly }))).toMatchObject({ problems: [], remembered: false });
    expect(await verify(site)).toMatchObject({ remembered: true });
  });
});

describe("A share of a site", () => {
  let site: TestSite;
  let total: SiteChecked;

  beforeEach(async () => {
    site = testSite();
    for (let n = 0; n < 6; n++)
      await backUp(site, n, [file("x", noise(n, 200_000)), file(`only ${n}`, noise(50 + n, 900))]);
    total = await verify(site, "presence");
    expect(total.totalObjects).toBe(12);
  });

  it.each([
    ["percent", { percent: 20 }],
    ["bytes", { bytes: 200_000 }],
    ["minutes", { minutes: 1e-9 }],
  ])("comes to all of it, share by share, by %s, before anything is read again", async (_name, share) => {
    let objects = 0;
    let rounds = 0;
    while (objects < total.totalObjects) {
      const done = await verify(testSite({ storage: site.storage }), "content", { share });
      expect(done).toMatchObject({ problems: [], backups: [], remembered: true });
      expect(done.objects).toBeGreaterThan(0);
      expect(done.objects).toBeLessThan(total.totalObjects);
      objects += done.objects;
      rounds += 1;
      expect(done.oldest === undefined, `${rounds}`).toBe(objects < total.totalObjects);
    }
    const all = await verify(site, "content", { share: { percent: 100 } });
    expect(all.objects).toBe(total.totalObjects);
  });

  it("names the entries of a damaged pack from when its turn has come, as long as they are lost", async () => {
    const sized: string[] = [];
    for await (const { key, size } of site.storage.list("packs/")) if (size > 100_000) sized.push(key);
    const key = sized[2] ?? "";
    const bytes = await bytesAt(site.storage, key);
    const whole = Buffer.from(bytes);
    bytes[5000] = (bytes[5000] ?? 0) ^ 1;
    await site.storage.put(key, bytes);
    const lost = await unreadable(site, [0, 1, 2, 3, 4, 5]);
    expect(lost.length).toBeGreaterThan(0);
    const found: string[] = [];
    for (let objects = 0; objects < total.totalObjects; ) {
      const done = await verify(site, "content", { share: { percent: 10 } });
      objects += done.objects;
      const names = touched(done.problems);
      if (found.length === 0 && names.length > 0)
        expect(done.problems).toContainEqual(expect.objectContaining({ code: "CORRUPT", object: key }));
      if (found.length > 0) expect(names).toEqual(found);
      else found.push(...names);
    }
    expect(found).toEqual(lost);
    await site.storage.put(key, whole);
    expect(await verify(site, "content", { share: { bytes: 1 } })).toMatchObject({ problems: [] });
  });

  it("of checksums does not count for content, and the other way round it does", async () => {
    await verify(site, "checksum");
    expect(await verify(site, "content", { share: { bytes: 1 } })).not.toHaveProperty("oldest");
    await verify(site, "content");
    expect(await verify(site, "checksum", { share: { bytes: 1 } })).toHaveProperty("oldest");
  });

  it("is remembered in few objects, and survives that one of them is damaged or lost", async () => {
    for (let n = 0; n < 30; n++) await verify(site, "content", { share: { bytes: 1 } });
    const keys = await keysOf(site.storage, "verified/");
    expect(keys.length).toBeLessThan(10);
    await site.storage.put(keys[0] ?? "", Buffer.from("nonsense"));
    const { problems } = await verify(site, "content", { share: { bytes: 1 } });
    expect(problems).toMatchObject([{ object: keys[0] }]);
    await site.storage.delete(await keysOf(site.storage, "verified/"));
    expect(await verify(site, "content", { share: { bytes: 1 } })).toMatchObject({ problems: [] });
  });

  it.each([
    ["no percent", { percent: 0 }],
    ["too many percent", { percent: 101 }],
    ["no bytes", { bytes: 0 }],
    ["no minutes", { minutes: Number.NaN }],
    ["nothing", {} as never],
  ])("is refused where it is %s", async (_name, share) => {
    await expect(verify(site, "content", { share })).rejects.toMatchObject({ code: "INVALID", key: "share" });
  });

  it("of what reads nothing is refused", async () => {
    await expect(verify(site, "presence", { share: { percent: 5 } })).rejects.toMatchObject({ code: "INVALID" });
  });
});

describe("The choice of a share", () => {
  const pack = fc.record({
    size: fc.integer({ min: 1, max: 1000 }),
    verified: fc.option(fc.nat(50), { nil: undefined }),
  });
  const packs = fc
    .array(pack, { minLength: 1, maxLength: 40 })
    .map((all) => all.map((each, n) => ({ ...each, id: `${(n * 7919) % 1000}` })));

  it("takes what is oldest, as much as was asked for and no pack more", () => {
    fc.assert(
      fc.property(packs, fc.integer({ min: 1, max: 100 }), (all, percent) => {
        const chosen = chooseShare(all, { percent });
        const left = all.filter((pack) => !chosen.includes(pack));
        const age = ({ verified = -1 }) => verified;
        for (const a of chosen) for (const b of left) expect(age(a)).toBeLessThanOrEqual(age(b));
        const budget = (all.reduce((sum, { size }) => sum + size, 0) * percent) / 100;
        const bytes = chosen.reduce((sum, { size }) => sum + size, 0);
        expect(bytes).toBeGreaterThanOrEqual(budget);
        expect(bytes - (chosen.at(-1)?.size ?? 0)).toBeLessThan(budget);
      }),
    );
  });

  it("of shares that follow each other leaves nothing out for long, whatever comes and goes", () => {
    fc.assert(
      fc.property(packs, fc.integer({ min: 5, max: 100 }), (all, percent) => {
        let now = 100;
        let known = all.map((pack, n) => ({ ...pack, id: `${n}` }));
        const seen = new Set<string>();
        for (let round = 0; round < Math.ceil(100 / percent); round++) {
          now += 1;
          const chosen = new Set(chooseShare(known, { percent }));
          for (const { id } of chosen) seen.add(id);
          known = known.map((pack) => (chosen.has(pack) ? { ...pack, verified: now } : pack));
        }
        expect(seen.size).toBe(all.length);
      }),
    );
  });
});
