import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { newBackupId, openFences, openManifests, removeRemains } from "../src/index.ts";
import { collect, ID, manifest, OTHER_ID, site, text } from "./fixtures.ts";

const keys = async (storage: ReturnType<typeof memoryStorage>, prefix = "") =>
  (await collect(storage.list(prefix))).map(({ key }) => key).sort();

/** Ids of different times. */
const ids = (count: number) => Array.from({ length: count }, (_, i) => newBackupId(new Date(i * 1000), "manual"));

describe.each([{ encrypted: true }, { encrypted: false }])("fences, encrypted: $encrypted", ({ encrypted }) => {
  it("are seen by whoever looks after they were put, and only for their session", async () => {
    const context = site({ encrypted });
    const fences = openFences(context);
    expect(await fences.has(ID)).toBe(false);
    expect((await fences.all()).size).toBe(0);
    await fences.put(ID);
    await fences.put(ID);
    expect(await openFences(context).has(ID)).toBe(true);
    expect(await openFences(context).has(OTHER_ID)).toBe(false);
    const all = await openFences(context).all();
    expect([all.size, all.has(ID), all.has(OTHER_ID)]).toEqual([1, true, false]);
  });

  it("stay the same when they are put together, and those put meanwhile too", async () => {
    const context = site({ encrypted });
    const fences = openFences(context);
    const many = ids(1010);
    for (const id of many) await fences.put(id);
    expect(await fences.merge({ keep: 20 })).toBe(0);
    expect(await fences.merge({ keep: 10 })).toBe(1000);
    await fences.put(ID);
    expect((await keys(context.storage, "fenced/")).length).toBe(12);
    const all = await openFences(context).all();
    expect(all.size).toBe(1011);
    for (const id of [...many, ID]) expect(all.has(id)).toBe(true);
    expect(await openFences(context).has(many[0]!)).toBe(true);
    expect(await openFences(context).has(OTHER_ID)).toBe(false);
  });

  it("count for every session where those put together can't be read, but for the youngest, which stay single", async () => {
    const context = site({ encrypted });
    await context.storage.put(`fenced/merged/${"0".repeat(32)}.json`, Buffer.from("{}"));
    const younger = ids(257).slice(1);
    const older = newBackupId(new Date(0), "manual");
    for (const id of younger) await openFences(context).put(id);
    for (const id of [older, OTHER_ID]) {
      expect(await openFences(context).has(id)).toBe(id === older);
      expect((await openFences(context).all()).has(id)).toBe(id === older);
    }
  });
});

describe("fences", () => {
  it("that can't be read make no backup one that may be deleted", async () => {
    const context = site();
    const manifests = openManifests(context);
    await manifests.commit(manifest());
    await context.storage.put(`fenced/merged/${"0".repeat(32)}.json`, Buffer.from("{}"));
    expect(await collect(manifests.list())).toMatchObject([{ id: ID, complete: true }]);
    for (let n = 0; n < 256; n++) await openFences(context).put(newBackupId(new Date(4e12 + n), "manual"));
    expect(await collect(manifests.list())).toMatchObject([{ id: ID, complete: false, late: "not-now" }]);
    await openFences(context).put(ID);
    expect(await collect(manifests.list())).toMatchObject([{ id: ID, complete: false, late: "void" }]);
  });

  it("tell nothing of what they are about", async () => {
    const context = site();
    await openFences(context).put(ID);
    const value = JSON.parse(await text(context.storage, `fenced/${ID}.json`)) as Record<string, unknown>;
    expect(Object.keys(value).sort()).toEqual(["check", "id", "mac", "sealed", "siteId", "type", "version"]);
  });

  it("are all there at every moment while they are put together, wherever that breaks off", async () => {
    const many = ids(1005);
    const filled = async () => {
      const storage = memoryStorage();
      for (const id of many) await openFences(site({ storage })).put(id);
      return storage;
    };
    const dry = faultyStorage(await filled());
    await openFences(site({ storage: dry })).merge({ keep: 5 });
    for (let call = 0; call < dry.calls.length; call++) {
      for (const when of ["before", "after"] as const) {
        const storage = await filled();
        const faulty = faultyStorage(storage, { plan: [{ kind: "crash", when, call }] });
        await expect(openFences(site({ storage: faulty })).merge({ keep: 5 })).rejects.toThrow();
        const all = await openFences(site({ storage })).all();
        expect(many.filter((id) => !all.has(id))).toEqual([]);
      }
    }
  });
});

describe("removing what a given-up run has left", () => {
  it("takes everything but the manifest's key", async () => {
    const storage = memoryStorage();
    for (const name of ["a.tar", "labels.json", "manifest.json", "deep/manifest.json"]) {
      await storage.put(`backups/${ID}/${name}`, new Uint8Array(1));
    }
    await storage.put(`backups/${OTHER_ID}/a.tar`, new Uint8Array(1));
    await removeRemains(storage, ID);
    expect(await keys(storage, `backups/${ID}/`)).toEqual([`backups/${ID}/manifest.json`]);
    expect(await keys(storage, `backups/${OTHER_ID}/`)).toHaveLength(1);
  });
});
