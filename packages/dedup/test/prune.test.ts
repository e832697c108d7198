import { isLifeboatError, LifeboatError, type Manifest, type PruneOptions, type Storage } from "@lifeboat/contracts";
import { openFences, openManifests } from "@lifeboat/manifests";
import { faultyStorage, read } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { siteLocator } from "../src/lib/index/locator.ts";
import { putIndex } from "../src/lib/index/writer.ts";
import { type FinishedPack, PackBuilder } from "../src/lib/pack/pack-builder.ts";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { openFrameSource } from "../src/lib/prune/pack-frames-reader.ts";
import { createPruner } from "../src/lib/prune/prune.ts";
import { openPartObject } from "../src/lib/read/open-part.ts";
import { openReading, readEntries } from "../src/lib/read/reading.ts";
import { putMarks, readMarks } from "../src/lib/session/marks.ts";
import { Records } from "../src/lib/verify/records.ts";
import { backupId, PruneSite } from "./prune-site.ts";
import { KEY } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });
const alone: PruneOptions = { sessions: async () => [] };

/** Text that does not repeat, so that chunks differ. */
const text = (seed: string, length: number) => {
  let all = "";
  for (let n = 0; all.length < length; n++) all += `${seed}${n} `;
  return all.slice(0, length);
};

function pruner(site: PruneSite, storage: Storage = site.storage) {
  const context = { ...site.context, storage };
  return createPruner(() => site.open(storage), openManifests(context));
}

async function prune(site: PruneSite, options: Partial<PruneOptions> = {}, storage?: Storage) {
  const own = pruner(site, storage);
  return own.prune(await own.planPrune({ maxUnused: 0 }), { ...alone, ...options });
}

async function forget(site: PruneSite, { id }: Manifest) {
  await openManifests(site.context).remove([id]);
}

/** Everything a backup holds, by its paths. */
async function contentOf(storage: Storage, site: PruneSite, { id, parts }: Manifest): Promise<Record<string, string>> {
  const { tools } = await site.open();
  const locator = siteLocator(storage, tools);
  await using reading = await openReading({ storage, key: KEY, threads: 0, locator }, {});
  const found: Record<string, string> = {};
  for (const part of parts) {
    const { list } = await openPartObject({ storage, key: KEY, siteId: site.context.siteId, id }, part, {});
    for await (const entry of readEntries(reading, { part, root: list }, {})) {
      const pieces: Uint8Array[] = [];
      for await (const piece of entry.open()) pieces.push(Uint8Array.from(piece));
      found[entry.path] = Buffer.concat(pieces).toString();
    }
  }
  return found;
}

/** A pack that says the same as one with stored frames, and of which a chunk in the first is another. */
async function wrongCopy(site: PruneSite, { id, size, directory }: FinishedPack): Promise<FinishedPack> {
  const source = await openFrameSource(await site.open());
  const builder = new PackBuilder(KEY, directory.content);
  const pieces: Uint8Array[] = [];
  let first = 0;
  for await (const { frame, bytes } of source.frames({ id, size }, () => [...directory.frames.keys()], {})) {
    const { chunks } = directory.frames[frame]!;
    const lengths = [...directory.lengths.subarray(first, first + chunks)];
    const ids = directory.ids.slice(first * 32, (first + chunks) * 32);
    const plain = Buffer.from(bytes as Uint8Array);
    if (frame === 0) plain[10]! ^= 1;
    for (const piece of builder.add({ codec: "stored", bytes: plain, lengths, ids })) pieces.push(Buffer.from(piece));
    first += chunks;
  }
  const end = builder.end();
  await site.storage.put(packKey(end.pack.id), Buffer.concat([...pieces, ...end.pieces]));
  return end.pack;
}

const packs = async (site: PruneSite) => (await site.keys("packs/")).length;

describe("a prune", () => {
  it("of a site in which everything is needed does nothing", async () => {
    const site = new PruneSite();
    await site.backup(1, { a: text("a", 5000) });
    const before = await site.keys();
    const report = await prune(site);
    expect(report).toMatchObject({ deletedPacks: 0, copiedBytes: 0, pendingPacks: 0, problems: [] });
    expect(await site.keys()).toEqual(before);
  });

  it("lets go what only a deleted backup needed, and leaves the others whole", async () => {
    const site = new PruneSite();
    const gone = await site.backup(1, { a: text("a", 50_000) });
    const texts = { b: text("b", 50_000), c: "c" };
    const kept = await site.backup(2, texts);
    await forget(site, gone);
    const report = await prune(site);
    expect(report).toMatchObject({ deletedPacks: 2, copiedBytes: 0, pendingPacks: 0 });
    expect(await packs(site)).toBe(2);
    expect(await site.keys("condemned/")).toEqual([]);
    expect(await contentOf(site.storage, site, kept)).toEqual(texts);
    expect(await prune(site)).toMatchObject({ deletedPacks: 0 });
  });

  it("keeps one of several copies", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 50_000) };
    const first = await site.backup(1, texts);
    const second = await site.backup(2, texts);
    expect(await packs(site)).toBe(4);
    await prune(site);
    expect(await packs(site)).toBe(2);
    for (const each of [first, second]) expect(await contentOf(site.storage, site, each)).toEqual(texts);
  });

  it("keeps the copy that is whole, where a verification has found another damaged", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 50_000) };
    const backups = [await site.backup(1, texts), await site.backup(2, texts)];
    // The smaller id of two packs that hold the same is the one that is kept otherwise.
    const [victim] = site.packs
      .filter(({ directory }) => directory.content === "data")
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const bytes = Buffer.from(await read(site.storage.get(packKey(victim!.id))));
    bytes[120]! ^= 1; // in its first frame
    await site.storage.put(packKey(victim!.id), bytes);
    const records = new Records(await site.open());
    records.note(victim!.id, "content", false);
    await records.flush(() => true, {});
    expect(await prune(site)).toMatchObject({ problems: [], pendingPacks: 0 });
    expect(await site.keys("packs/")).not.toContain(packKey(victim!.id));
    for (const backup of backups) expect(await contentOf(site.storage, site, backup)).toEqual(texts);
  });

  it("repacks what a verification has called damaged, and keeps it as long as something can't be read", async () => {
    for (const isSo of [false, true]) {
      const site = new PruneSite({ codec: "stored", frameBytes: 5000 });
      const texts = { a: text("a", 50_000), b: text("b", 50_000) };
      const backup = await site.backup(1, texts);
      const victim = site.packs.find(({ directory }) => directory.content === "data")!;
      const bytes = Buffer.from(await read(site.storage.get(packKey(victim.id))));
      if (isSo) bytes[120]! ^= 1; // in its first frame
      await site.storage.put(packKey(victim.id), bytes);
      const records = new Records(await site.open());
      records.note(victim.id, "content", false);
      await records.flush(() => true, {});
      const { packs: planned } = await pruner(site).planPrune();
      expect(planned).toContainEqual(expect.objectContaining({ id: victim.id, action: "repack", why: "damaged" }));
      await prune(site);
      const marks = (await readMarks(site.context)).flatMap((mark) => mark.packs);
      expect(marks).toEqual(isSo ? [{ id: victim.id, why: "damaged" }] : []);
      if (isSo) {
        expect(await site.keys("packs/")).toContain(packKey(victim.id));
        await site.putPart([{ path: "a", bytes: Buffer.from(texts.a) }]); // what a next backup stores again
        await prune(site);
        expect(await readMarks(site.context)).toEqual([]);
      }
      expect(await site.keys("packs/")).not.toContain(packKey(victim.id));
      expect(await contentOf(site.storage, site, backup)).toEqual(texts);
    }
  });

  it("copies what is needed out of packs that are mostly dead, whole frames as they are", async () => {
    for (const codec of ["zstd", "gzip", "stored"] as const) {
      const site = new PruneSite({ codec, frameBytes: 5000 });
      const shared = { s: text("s", 20_000), t: text("t", 2500) };
      const gone = await site.backup(1, { ...shared, a: text("a", 60_000) });
      await site.backup(2, shared);
      // Only the large pack has the shared content.
      for (const { id, directory } of site.packs.slice(2))
        if (directory.content === "data") await site.storage.delete([packKey(id)]);
      const kept = await openManifests(site.context).manifest(backupId(2));
      await forget(site, gone);
      const report = await prune(site);
      expect(report.copiedBytes).toBeGreaterThan(0);
      expect(report.deletedPacks).toBeGreaterThanOrEqual(2);
      expect(await contentOf(site.storage, site, kept)).toEqual(shared);
      const again = await prune(site);
      expect(again).toMatchObject({ deletedPacks: 0, copiedBytes: 0 });
    }
  });

  it("finds packs that no index names: it lets go what is unused, and indexes what is needed", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 5000) };
    const kept = await site.backup(1, texts);
    await site.storage.delete(await site.keys("index/"));
    await site.putChunks("data", [Buffer.from("nobody's")]);
    const report = await prune(site);
    expect(report).toMatchObject({ deletedPacks: 1, problems: [] });
    expect(await contentOf(site.storage, site, kept)).toEqual(texts);
  });

  it("passes over parts that came late of a run that was given up, and does not stop at them", async () => {
    const site = new PruneSite();
    await site.backup(1, { a: text("a", 5000) });
    const given = await site.backup(2, { b: text("b", 5000) });
    const part = `backups/${given.id}/${given.parts[0]!.objects[0]!.name}`;
    const pieces: Uint8Array[] = [];
    for await (const piece of site.storage.get(part)) pieces.push(piece);
    await forget(site, given);
    await prune(site);
    await site.storage.put(part, Buffer.concat(pieces));
    await expect(prune(site)).rejects.toThrow(coded("CORRUPT")); // it may have lost its manifest
    await openFences(site.context).put(given.id);
    expect(await prune(site)).toMatchObject({ deletedPacks: 0, problems: [] });
  });

  it("goes on with what an earlier one has condemned", async () => {
    const site = new PruneSite();
    const gone = await site.backup(1, { a: text("a", 5000) });
    const kept = await site.backup(2, { b: "b" });
    await forget(site, gone);
    const waiting = await prune(site, { sessions: async () => ["someone"], waitMs: 0 });
    expect(waiting).toMatchObject({ deletedPacks: 0, pendingPacks: 2, pending: "sessions" });
    expect(await site.keys("condemned/")).toHaveLength(1);
    expect(await prune(site)).toMatchObject({ deletedPacks: 2, pendingPacks: 0 });
    expect(await site.keys("condemned/")).toEqual([]);
    expect(await contentOf(site.storage, site, kept)).toEqual({ b: "b" });
  });

  it("waits for the sessions that were there when it condemned, and for no later ones", async () => {
    const site = new PruneSite();
    await forget(site, await site.backup(1, { a: "a" }));
    const answers = [
      ["one", "two"],
      ["two", "three"],
      ["three", "four"],
    ];
    const report = await prune(site, { sessions: async () => answers.shift() ?? ["never"] });
    expect(report).toMatchObject({ deletedPacks: 2 });
    expect(answers).toEqual([]);
  });

  it("rescues what a backup needs that ended while it waited", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 5000) };
    const old = await site.backup(1, texts);
    const [part] = old.parts;
    const { list } = await openPartObject({ ...site.context, key: KEY, id: old.id }, part!, {});
    await forget(site, old);
    let late: Manifest | undefined;
    const report = await prune(site, {
      // It had found the chunks before they were condemned, and commits only now.
      async sessions() {
        if (late !== undefined) return [];
        late = await site.commit(2, part!, list);
        return ["writer"];
      },
    });
    expect(report).toMatchObject({ deletedPacks: 2, pendingPacks: 0 });
    expect(report.copiedBytes).toBeGreaterThan(0);
    expect(await contentOf(site.storage, site, late!)).toEqual(texts);
  });

  it("rescues from another condemned copy what it can't read in the first, be it a frame or the whole pack", async () => {
    for (const codec of ["zstd", "stored"] as const) {
      for (const [harm, victim] of [
        ["frame", 0],
        ["frame", 1],
        ["pack", 0],
        ["pack", 1],
      ] as const) {
        const site = new PruneSite({ codec, frameBytes: 5000 });
        const texts = { a: text("a", 20_000), b: text("b", 20_000) };
        const backups = [await site.backup(1, texts), await site.backup(2, texts)];
        const copies = site.packs.filter(({ directory }) => directory.content === "data");
        expect(copies).toHaveLength(2);
        const damaged = packKey(copies[victim]!.id);
        const bytes = Buffer.from(await read(site.storage.get(damaged)));
        if (harm === "frame") bytes[120]! ^= 1;
        else bytes.fill(0, bytes.length - 40);
        await site.storage.put(damaged, bytes);
        const condemned = copies.map(({ id }) => ({ id, why: "damaged" as const }));
        await putMarks(site.context, condemned, { now: 1 });
        expect(await prune(site)).toMatchObject({ pendingPacks: 0 });
        expect(await site.keys("condemned/")).toEqual([]);
        for (const { id } of copies) expect(await site.keys("packs/")).not.toContain(packKey(id));
        for (const backup of backups) expect(await contentOf(site.storage, site, backup)).toEqual(texts);
      }
    }
  });

  it("copies what is left of a condemned pack that was cut off, and keeps it as long as the rest is needed", async () => {
    const site = new PruneSite({ codec: "stored", frameBytes: 5000 });
    const texts = { a: text("a", 20_000), b: text("b", 20_000) };
    const backup = await site.backup(1, texts);
    const cut = site.packs.find(({ directory }) => directory.content === "data")!;
    const whole = Buffer.from(await read(site.storage.get(packKey(cut.id))));
    await site.storage.put(packKey(cut.id), whole.subarray(0, whole.length - 8000)); // in the last frames of "b"
    await putMarks(site.context, [{ id: cut.id, why: "damaged" }], { now: 1 });
    for (let n = 0; n < 2; n++) {
      expect(await prune(site)).toMatchObject({ deletedPacks: 0, pendingPacks: 1, pending: "needed" });
      expect(await site.keys("packs/")).toContain(packKey(cut.id));
    }
    await expect(contentOf(site.storage, site, backup)).rejects.toThrow(coded("CORRUPT"));
    await site.backup(2, { b: texts.b });
    expect(await prune(site)).toMatchObject({ pendingPacks: 0 });
    expect(await site.keys("packs/")).not.toContain(packKey(cut.id));
    expect(await site.keys("condemned/")).toEqual([]);
    expect(await contentOf(site.storage, site, backup)).toEqual(texts);
  });

  it("keeps a condemned pack of which nobody knows what it holds while a backup lacks something", async () => {
    const site = new PruneSite();
    const backup = await site.backup(1, { a: text("a", 20_000) });
    const cut = site.packs.find(({ directory }) => directory.content === "data")!;
    const { tools } = await site.open();
    await site.storage.delete(await site.keys("index/"));
    await putIndex(
      site.storage,
      tools,
      site.packs.filter(({ id }) => id !== cut.id),
    );
    const whole = Buffer.from(await read(site.storage.get(packKey(cut.id))));
    await site.storage.put(packKey(cut.id), whole.subarray(0, whole.length - 10));
    await putMarks(site.context, [{ id: cut.id, why: "damaged" }], { now: 1 });
    expect(await prune(site)).toMatchObject({ deletedPacks: 0, pendingPacks: 1, pending: "needed" });
    await site.storage.put(packKey(cut.id), whole); // its storage finds the bytes again
    expect(await prune(site)).toMatchObject({ deletedPacks: 1, pendingPacks: 0 });
    expect(await contentOf(site.storage, site, backup)).toEqual({ a: text("a", 20_000) });
  });

  it("copies no chunk that is not what its id says out of a condemned pack, and takes another copy", async () => {
    for (const others of [true, false]) {
      const site = new PruneSite({ codec: "stored", frameBytes: 5000 });
      const texts = { a: text("a", 20_000) };
      const backup = await site.backup(1, texts);
      const data = site.packs.find(({ directory }) => directory.content === "data")!;
      const lists = site.packs.find(({ directory }) => directory.content === "lists")!;
      const wrong = await wrongCopy(site, data);
      await site.storage.delete(await site.keys("index/"));
      if (!others) await site.storage.delete([packKey(data.id)]);
      const indexed = others ? [wrong, data, lists] : [wrong, lists];
      await putIndex(site.storage, (await site.open()).tools, indexed);
      const condemned = [wrong, data].map(({ id }) => ({ id, why: "damaged" as const }));
      await putMarks(site.context, condemned, { now: 1 });
      if (!others) {
        expect(await prune(site)).toMatchObject({ deletedPacks: 0, pendingPacks: 1, pending: "needed" });
        await expect(contentOf(site.storage, site, backup)).rejects.toThrow(coded("CORRUPT"));
        await site.backup(2, texts); // finds the chunk in a mark alone, and stores it again
      }
      expect(await prune(site)).toMatchObject({ pendingPacks: 0 });
      expect(await site.keys("condemned/")).toEqual([]);
      expect(await site.keys("packs/")).not.toContain(packKey(wrong.id));
      expect(await contentOf(site.storage, site, backup)).toEqual(texts);
    }
  });

  it("compares what it copies with its ids where a verification has found the pack damaged", async () => {
    const site = new PruneSite({ codec: "stored", frameBytes: 5000 });
    const kept = { a: text("a", 20_000) };
    const gone = await site.backup(1, { ...kept, z: text("z", 60_000) });
    const [data] = site.packs.filter(({ directory }) => directory.content === "data");
    await site.backup(2, kept);
    const copy = site.packs.at(-2)!;
    const wrong = await wrongCopy(site, data!);
    await site.storage.delete([packKey(data!.id), packKey(copy.id)]);
    await putIndex(site.storage, (await site.open()).tools, [wrong]);
    const records = new Records(await site.open());
    records.note(wrong.id, "content", false);
    await records.flush(() => true, {});
    await forget(site, gone);
    expect(await prune(site)).toMatchObject({ pending: "needed" });
    expect(await site.keys("packs/")).toContain(packKey(wrong.id));
    expect(await site.keys("condemned/")).toHaveLength(1);
  });

  it("deletes nothing that is needed because one of its listings did not show it", async () => {
    for (const hidden of [1, 2, 3]) {
      const site = new PruneSite();
      const texts = [{ a: text("a", 20_000) }, { b: text("b", 20_000) }] as const;
      const backups = [await site.backup(1, texts[0]), await site.backup(2, texts[1])];
      const data = site.packs.filter(({ directory }) => directory.content === "data");
      await putMarks(
        site.context,
        data.map(({ id }) => ({ id, why: "damaged" as const })),
        { now: 1 },
      );
      let listings = 0;
      const forgetful: Storage = {
        ...site.storage,
        async *list(prefix, options) {
          const hides = prefix === "packs/" && ++listings === hidden;
          for await (const object of site.storage.list(prefix, options))
            if (!hides || object.key !== packKey(data[0]!.id)) yield object;
        },
      };
      await prune(site, {}, forgetful);
      expect(listings).toBeGreaterThanOrEqual(hidden);
      for (const [n, backup] of backups.entries())
        expect(await contentOf(site.storage, site, backup), `listing ${hidden}`).toEqual(texts[n]);
      await prune(site);
      expect(await site.keys("condemned/")).toEqual([]);
      for (const [n, backup] of backups.entries())
        expect(await contentOf(site.storage, site, backup)).toEqual(texts[n]);
    }
  });

  it("loses nothing where the copy that it chose turns out to be damaged, and another is whole", async () => {
    const site = new PruneSite({ frameBytes: 5000 });
    const shared = { s: text("s", 20_000) };
    const gone = await site.backup(1, { ...shared, t: text("t", 5000), z: text("z", 60_000) });
    const kept = await site.backup(2, shared);
    await site.backup(3, { t: text("t", 5000) });
    const [chosen] = site.packs.filter(({ directory }) => directory.content === "data");
    for (const { id, directory } of site.packs.slice(4))
      if (directory.content === "data") await site.storage.delete([packKey(id)]);
    await forget(site, gone);
    const bytes = Buffer.from(await read(site.storage.get(packKey(chosen!.id))));
    bytes[120]! ^= 1; // in the frame of "s"
    await site.storage.put(packKey(chosen!.id), bytes);
    const report = await prune(site);
    expect(report.problems.map(({ message }) => message)).toContainEqual(expect.stringContaining(chosen!.id));
    expect(report).toMatchObject({ pendingPacks: 0 });
    expect(await contentOf(site.storage, site, kept)).toEqual(shared);
  });

  it("tells the index of a pack that no index names yet before it lets go of another copy for it", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 50_000) };
    const gone = await site.backup(1, texts);
    const { part, root } = await site.putPart([{ path: "a", bytes: Buffer.from(texts.a) }]); // relies on what is there
    for (const { id } of site.packs.splice(2)) await site.storage.delete([packKey(id)]);
    await forget(site, gone);
    let ended: Manifest | undefined;
    const sessions = async () => {
      if (ended !== undefined) return [];
      ended = await site.commit(2, part, root);
      await site.putPart([{ path: "a", bytes: Buffer.from(texts.a) }]); // of a run that avoids what is condemned
      return [];
    };
    expect(await prune(site, { sessions })).toMatchObject({ deletedPacks: 2, copiedBytes: 0, problems: [] });
    if (ended === undefined) expect.fail("It did not look for sessions.");
    expect(await contentOf(site.storage, site, ended)).toEqual(texts);
  });

  it("believes no pack in another's mark", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 5000) };
    const kept = await site.backup(1, texts);
    await site.backup(2, texts);
    // Another prune lets the first copy go, because of the second.
    await putMarks(
      site.context,
      site.packs.slice(0, 2).map(({ id }) => ({ id, why: "unused" })),
      { now: 1 },
    );
    const own = pruner(site);
    const plan = await own.planPrune({ maxUnused: 0 });
    expect(plan.packs.map(({ id, action }) => `${id} ${action}`).sort()).toEqual(
      site.packs
        .slice(2)
        .map(({ id }) => `${id} keep`)
        .sort(),
    );
    await own.prune(plan, alone);
    expect(await packs(site)).toBe(2);
    expect(await contentOf(site.storage, site, kept)).toEqual(texts);
  });
});

describe("a prune beside which a backup ends", () => {
  /** Makes a backup between the look at the packs and the one at the backups. */
  function racing(site: PruneSite, onMade?: (backup: Manifest) => void): Storage {
    let isOver = false;
    return {
      ...site.storage,
      async *list(prefix, options) {
        if (prefix.startsWith("backups/") && !isOver) {
          isOver = true;
          const made = await site.backup(2, { b: text("b", 5000) });
          onMade?.(made);
        }
        yield* site.storage.list(prefix, options);
      },
    };
  }

  it("marks nothing as lost that it had looked for too early", async () => {
    const site = new PruneSite();
    await site.backup(1, { a: text("a", 5000) });
    expect(await prune(site, {}, racing(site))).toMatchObject({ problems: [], deletedPacks: 0 });
    expect(await site.keys("condemned/")).toEqual([]);
  });

  it("keeps what that backup needs of packs that go", async () => {
    const site = new PruneSite();
    const first = await site.backup(1, { a: text("a", 5000), b: text("b", 5000) });
    await forget(site, await site.backup(3, { c: text("c", 5000) }));
    const made: Manifest[] = [];
    const storage = racing(site, (backup) => made.push(backup));
    expect(await prune(site, {}, storage)).toMatchObject({ problems: [] });
    expect(await site.keys("condemned/")).toEqual([]);
    expect(await contentOf(site.storage, site, first)).toEqual({ a: text("a", 5000), b: text("b", 5000) });
    expect(await contentOf(site.storage, site, made[0]!)).toEqual({ b: text("b", 5000) });
  });

  it("still marks what another backup lacks", async () => {
    const site = new PruneSite();
    await site.backup(1, { a: text("a", 5000) });
    const data = site.packs.find(({ directory }) => directory.content === "data")!;
    await site.storage.delete([packKey(data.id)]);
    const { problems } = await prune(site, {}, racing(site));
    expect(problems).toMatchObject([{ id: backupId(1) }]);
    const [mark] = await readMarks(site.context);
    expect(mark?.packs).toEqual([{ id: data.id, why: "damaged" }]);
  });
});

describe("a prune deletes nothing", () => {
  it("where a backup can't be read, unless that is given up by name", async () => {
    for (const what of ["list", "part", "manifest"] as const) {
      const site = new PruneSite();
      const damaged = await site.backup(1, { a: text("a", 5000) });
      await forget(site, await site.backup(2, { b: text("b", 5000) }));
      const lists = site.packs.find(({ directory }) => directory.content === "lists")!;
      const folder = `backups/${damaged.id}`;
      if (what === "list") await site.storage.delete([packKey(lists.id)]);
      else
        await site.storage.put(`${folder}/${what === "part" ? "data.list.sealed" : "manifest.json"}`, Buffer.from("?"));
      const before = await packs(site);
      await expect(prune(site)).rejects.toThrow(expect.objectContaining({ code: "CORRUPT", key: damaged.id }));
      expect(await packs(site)).toBe(before);
      const own = pruner(site);
      const giveUp = [damaged.id];
      await own.prune(await own.planPrune({ giveUp }), { ...alone, giveUp });
      expect(await packs(site)).toBe(0);
    }
  });

  it("where its index can't be read", async () => {
    const site = new PruneSite();
    await site.backup(1, { a: text("a", 5000) });
    const [key] = await site.keys("index/");
    await site.storage.put(key!, Buffer.from("?"));
    await expect(prune(site)).rejects.toThrow(coded("CORRUPT"));
  });

  it("where the storage refuses to, and a later one does", async () => {
    const site = new PruneSite();
    await forget(site, await site.backup(1, { a: "a" }));
    const frozen: Storage = {
      ...site.storage,
      delete: (keys, options) =>
        keys.some((key) => key.startsWith("packs/") || key.startsWith("index/"))
          ? Promise.reject(new LifeboatError({ code: "PERMISSION_DENIED", operation: "storage.delete", message: "no" }))
          : site.storage.delete(keys, options),
    };
    expect(await prune(site, {}, frozen)).toMatchObject({ deletedPacks: 0, pendingPacks: 2, pending: "refused" });
    expect(await site.keys("condemned/")).toHaveLength(1);
    expect(await prune(site)).toMatchObject({ deletedPacks: 2, pendingPacks: 0 });
  });
});

describe("a prune where nothing can be deleted", () => {
  it("puts one index object, not two, for packs of a mark that are gone", async () => {
    const site = new PruneSite();
    await site.backup(1, { a: text("a", 5000) });
    const gone = site.packs.find(({ directory }) => directory.content === "data")!;
    await site.storage.delete([packKey(gone.id)]);
    await putMarks(site.context, [{ id: gone.id, why: "damaged" }], { now: 1 });
    const frozen: Storage = {
      ...site.storage,
      delete: () =>
        Promise.reject(new LifeboatError({ code: "PERMISSION_DENIED", operation: "storage.delete", message: "no" })),
    };
    expect(await prune(site, {}, frozen)).toMatchObject({ deletedPacks: 0, pending: "refused" });
    expect(await site.keys("index/")).toHaveLength(2);
  });
});

describe("a prune on a full disk", () => {
  it("lets go first what is unused, and copies in what has become free", async () => {
    const site = new PruneSite({ packBytes: 20_000, codec: "stored" });
    const shared: Record<string, string> = {};
    for (let n = 0; n < 12; n++) shared[`s${n}`] = text(`s${n}`, 5000);
    const mixed: Record<string, string> = {};
    for (const [path, content] of Object.entries(shared))
      Object.assign(mixed, { [path]: content, [`${path}x`]: text(path, 15_000) });
    const gone = await site.backup(1, mixed);
    const kept = await site.backup(2, shared);
    for (const { id, directory } of site.packs.slice(-4))
      if (directory.content === "data") await site.storage.delete([packKey(id)]);
    await forget(site, gone);
    let used = 0;
    for await (const { size } of site.storage.list("packs/")) used += size;
    const limit = used + 15_000;
    const full: Storage = {
      ...site.storage,
      async put(key, body, options) {
        let now = 0;
        for await (const { size } of site.storage.list("packs/")) now += size;
        if (key.startsWith("packs/") && now + (body as Uint8Array).length > limit)
          throw new LifeboatError({ code: "NO_SPACE", operation: "storage.put", key, message: "full" });
        return site.storage.put(key, body, options);
      },
    };
    const report = await prune(site, {}, full);
    expect(report).toMatchObject({ pendingPacks: 0 });
    expect(report.deletedPacks).toBeGreaterThan(5);
    expect(await contentOf(site.storage, site, kept)).toEqual(shared);
  });
});

describe("a prune on a disk with no room for anything that is put into packs/", () => {
  it("lets go what is unused, though a mark can't be ended", async () => {
    const site = new PruneSite();
    const kept = await site.backup(1, { a: text("a", 5000) });
    const damaged = site.packs.find(({ directory }) => directory.content === "data")!;
    await forget(site, await site.backup(2, { b: text("b", 5000) }));
    await putMarks(site.context, [{ id: damaged.id, why: "damaged" }], { now: 1 });
    const full: Storage = {
      ...site.storage,
      put: (key, body, options) =>
        key.startsWith("packs/")
          ? Promise.reject(new LifeboatError({ code: "NO_SPACE", operation: "storage.put", key, message: "full" }))
          : site.storage.put(key, body, options),
    };
    expect(await prune(site, {}, full)).toMatchObject({ deletedPacks: 2, pendingPacks: 1, lackedRoom: true });
    expect(await contentOf(site.storage, site, kept)).toEqual({ a: text("a", 5000) });
    expect(await prune(site)).toMatchObject({ deletedPacks: 1, pendingPacks: 0, lackedRoom: false });
    expect(await contentOf(site.storage, site, kept)).toEqual({ a: text("a", 5000) });
  });
});

describe("a prune on a disk with no room for an index object", () => {
  it("lets go first what leans on no pack that the index is to be told of", async () => {
    const site = new PruneSite();
    const texts = { a: text("a", 50_000) };
    const gone = await site.backup(1, texts);
    const other = await site.backup(2, { z: text("z", 50_000) });
    const free = site.packs.slice(2).map(({ id }) => packKey(id));
    const { part, root } = await site.putPart([{ path: "a", bytes: Buffer.from(texts.a) }]); // relies on what is there
    for (const { id } of site.packs.splice(4)) await site.storage.delete([packKey(id)]);
    for (const each of [gone, other]) await forget(site, each);
    const full: Storage = {
      ...site.storage,
      async put(key, body, options) {
        if (key.startsWith("index/") && (await site.keys("packs/")).some((each) => free.includes(each)))
          throw new LifeboatError({ code: "NO_SPACE", operation: "storage.put", key, message: "full" });
        return site.storage.put(key, body, options);
      },
    };
    let ended: Manifest | undefined;
    const sessions = async () => {
      if (ended !== undefined) return [];
      ended = await site.commit(3, part, root);
      await site.putPart([{ path: "a", bytes: Buffer.from(texts.a) }]); // of a run that avoids what is condemned
      return [];
    };
    expect(await prune(site, { sessions }, full)).toMatchObject({ deletedPacks: 4, lackedRoom: false, problems: [] });
    if (ended === undefined) expect.fail("It did not look for sessions.");
    expect(await contentOf(site.storage, site, ended)).toEqual(texts);
  });
});

describe("a prune that is broken off at any call", () => {
  const texts = { s: text("s", 9000) };

  async function prepared() {
    const site = new PruneSite({ packBytes: 10_000, frameBytes: 3000 });
    const gone = await site.backup(1, { a: text("a", 9000), ...texts });
    const kept = await site.backup(2, texts);
    await forget(site, gone);
    return { site, kept };
  }

  it.each([
    { kind: "crash", when: "before" },
    { kind: "crash", when: "after" },
  ] as const)("harms no backup, and the next one goes on ($kind $when)", async (fault) => {
    const { site: dryRun } = await prepared();
    const dry = faultyStorage(dryRun.storage);
    await prune(dryRun, {}, dry);
    const left = (await dryRun.keys("packs/")).length;
    expect(dry.calls.length).toBeGreaterThan(20);
    for (let call = 0; call < dry.calls.length; call++) {
      const { site, kept } = await prepared();
      const storage = faultyStorage(site.storage, { plan: [{ ...fault, call }] });
      const error: unknown = await prune(site, {}, storage).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error !== null) expect(isLifeboatError(error), `call ${call}`).toBe(true);
      expect(await contentOf(site.storage, site, kept), `call ${call}`).toEqual(texts);
      await prune(site);
      await prune(site);
      expect(await contentOf(site.storage, site, kept), `call ${call}`).toEqual(texts);
      expect(await site.keys("condemned/")).toEqual([]);
      expect((await site.keys("packs/")).length).toBeLessThanOrEqual(left + 1);
    }
  });
});
