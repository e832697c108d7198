import { describe, expect, it } from "vitest";
import { packKey } from "../src/lib/pack/pack-name.ts";
import { lookAtLate } from "../src/lib/session/look.ts";
import { deleteMark, packsToAvoid, putMarks, readMarks } from "../src/lib/session/marks.ts";
import { backupId, PruneSite } from "./prune-site.ts";

const coded = (code: string) => expect.objectContaining({ code });

describe("marks", () => {
  const pack = (n: number) => n.toString(16).padStart(32, "0");

  it("are read as they were put, all of them, until they are deleted", async () => {
    const { context } = new PruneSite();
    expect(await readMarks(context)).toEqual([]);
    const packs = [
      { id: pack(1), why: "unused" },
      { id: pack(2), why: "repacked" },
    ] as const;
    const [mark] = await putMarks(context, packs, { now: 1 });
    await putMarks(context, [{ id: pack(3), why: "damaged" }], { now: 2 });
    const marks = await readMarks(context);
    expect(marks.map((each) => each.packs)).toEqual([packs, [{ id: pack(3), why: "damaged" }]]);
    expect(packsToAvoid(marks)).toEqual(new Set([pack(1), pack(2), pack(3)]));
    await deleteMark(context, mark!);
    expect(packsToAvoid(await readMarks(context))).toEqual(new Set([pack(3)]));
  });

  it("stop everybody where one can't be read", async () => {
    const { context } = new PruneSite();
    await context.storage.put(`condemned/${backupId(1)}.json`, Buffer.from("{}"));
    await expect(readMarks(context)).rejects.toThrow(coded("LOCKED"));
  });

  it("count no more once they are deleted, even between the listing and the reading", async () => {
    const { context } = new PruneSite();
    await putMarks(context, [{ id: pack(1), why: "unused" }], { now: 1 });
    const racing = {
      ...context,
      storage: {
        ...context.storage,
        async *list(prefix: string) {
          for await (const info of context.storage.list(prefix)) {
            await context.storage.delete([info.key]);
            yield info;
          }
        },
      },
    };
    expect(await readMarks(racing)).toEqual([]);
  });
});

describe("a backup whose manifest came late", () => {
  const texts = { a: "1".repeat(5000), b: "2".repeat(70_000) };

  it("is believed where all it needs is there", async () => {
    const site = new PruneSite({ chunkBytes: 500 });
    const manifest = await site.backup(1, texts);
    expect(await lookAtLate(await site.open(), manifest)).toBe("believed");
  });

  it("is void where any pack that it needs is gone, or its part is", async () => {
    for (const gone of [0, 1, "part"] as const) {
      const site = new PruneSite({ chunkBytes: 500 });
      const manifest = await site.backup(1, texts);
      expect(site.packs).toHaveLength(2);
      const key = gone === "part" ? `backups/${manifest.id}/data.list.sealed` : packKey(site.packs[gone]!.id);
      await site.storage.delete([key]);
      expect(await lookAtLate(await site.open(), manifest)).toBe("void");
    }
  });

  it("is neither where a pack that it needs is in a mark, and no other holds the same", async () => {
    const site = new PruneSite({ chunkBytes: 500 });
    const manifest = await site.backup(1, texts);
    await putMarks(site.context, [{ id: site.packs[0]!.id, why: "unused" }], { now: 1 });
    expect(await lookAtLate(await site.open(), manifest)).toBe("not-now");
    await site.backup(2, texts);
    expect(await lookAtLate(await site.open(), manifest)).toBe("believed");
  });

  it("is believed though no index names its packs any more: they tell themselves what they hold", async () => {
    for (const harm of ["lost", "damaged"] as const) {
      const site = new PruneSite({ chunkBytes: 500 });
      const manifest = await site.backup(1, texts);
      const [index] = await site.keys("index/");
      if (harm === "lost") await site.storage.delete([index!]);
      else await site.storage.put(index!, Buffer.from("?"));
      expect(await lookAtLate(await site.open(), manifest)).toBe("believed");
    }
  });

  it("is not void as long as a pack is there of which nobody knows what it holds", async () => {
    const site = new PruneSite({ chunkBytes: 500 });
    const manifest = await site.backup(1, texts);
    const [first] = site.packs;
    await site.storage.delete(await site.keys("index/"));
    await site.storage.put(packKey(first!.id), Buffer.from("?"));
    expect(await lookAtLate(await site.open(), manifest)).toBe("not-now");
    await putMarks(site.context, [{ id: first!.id, why: "damaged" }], { now: 1 });
    expect(await lookAtLate(await site.open(), manifest)).toBe("void");
  });
});
