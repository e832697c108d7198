import type { Storage } from "@lifeboat/contracts";
import { passphrase, rawKey } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { describe, expect, it } from "vitest";
import { collect, host, texts } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });
const sources = [texts("settings", { a: "1" })];

/** A place where disks are changed: whatever is in it now is what the engine sees. */
function slot(first: Storage) {
  const current = { disk: first };
  const place: Storage = {
    ...first,
    put: (...call) => current.disk.put(...call),
    get: (...call) => current.disk.get(...call),
    stat: (...call) => current.disk.stat(...call),
    list: (...call) => current.disk.list(...call),
    delete: (...call) => current.disk.delete(...call),
  };
  function insert(disk: Storage): void {
    current.disk = disk;
  }
  return { place, insert };
}

async function opens(storage: Storage, id: string) {
  const { engine } = host({ storage, sources });
  expect((await engine.backups.list({ site: "local" })).map((backup) => backup.id)).toContain(id);
  expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
}

describe("a disk that is changed for another while the engine runs", () => {
  it("gets a site of its own where it is empty", async () => {
    const [left, right] = [memoryStorage(), memoryStorage()];
    const { place, insert } = slot(left);
    const { engine } = host({ storage: place, sources });
    const first = await engine.backup({ site: "local" });
    insert(right);
    expect(await engine.backups.list({ site: "local" })).toEqual([]);
    const second = await engine.backup({ site: "local" });
    insert(left);
    const third = await engine.backup({ site: "local" });
    await opens(left, first.id);
    await opens(right, second.id);
    await opens(left, third.id);
  });

  it("gets backups under its own key where it holds another site", async () => {
    const [left, right] = [memoryStorage(), memoryStorage()];
    const elsewhere = await host({ storage: right, sources }).engine.backup({ site: "local" });
    const { place, insert } = slot(left);
    const { engine } = host({ storage: place, sources });
    await engine.backup({ site: "local" });
    insert(right);
    expect(await engine.verify({ site: "local", id: elsewhere.id })).toMatchObject({ ok: true });
    const { id } = await engine.backup({ site: "local" });
    await opens(right, id);
  });

  it("is refused where the engine's key does not open it", async () => {
    const right = memoryStorage();
    await host({ storage: right, sources, key: rawKey(new Uint8Array(32).fill(1)) }).engine.backup({ site: "local" });
    const { place, insert } = slot(memoryStorage());
    const { engine } = host({ storage: place, sources });
    await engine.backup({ site: "local" });
    insert(right);
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("WRONG_KEY"));
  });
});

describe("a site that is open", () => {
  it("gets no more backups once its descriptor is lost, for nothing could open them", async () => {
    const { engine, storage } = host({ sources });
    await engine.backup({ site: "local" });
    await storage.delete(["lifeboat.json", "lifeboat.copy.json"]);
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("CORRUPT"));
  });

  it("has a descriptor that is damaged mended by the next backup", async () => {
    const { engine, storage } = host({ sources });
    await engine.backup({ site: "local" });
    await storage.put("lifeboat.json", Buffer.from("{}"));
    const { id } = await engine.backup({ site: "local" });
    await storage.delete(["lifeboat.copy.json"]);
    await opens(storage, id);
  });

  it("puts the keys that another host has set into new parts, not those it knew", async () => {
    const { engine, storage } = host({ sources });
    await engine.backup({ site: "local" });
    const other = host({ storage, sources }).engine;
    await other.keys("local").add(passphrase("new", { memoryKiB: 8, passes: 1 }), { label: "Anna's" });
    const { id } = await engine.backup({ site: "local" });
    const part = Buffer.concat(await collect(storage.get(`backups/${id}/settings.tar.zst.sealed`)));
    expect(part.toString("latin1")).toContain("Anna's");
  });
});

describe("a site that another host makes while it is looked for", () => {
  it("is found, however far the other host has come with its first backup", async () => {
    const storage = memoryStorage();
    const other = host({ storage, sources }).engine;
    let id = "";
    const slow: Storage = {
      ...storage,
      async *list(prefix, options) {
        // Whoever lists has found no descriptor; now the other host is quicker.
        if (id === "") ({ id } = await other.backup({ site: "local" }));
        yield* storage.list(prefix, options);
      },
    };
    const { engine } = host({ storage: slow, sources: [texts("media", { a: "1" })] });
    await engine.backup({ site: "local" });
    expect(await engine.backups.list({ site: "local" })).toHaveLength(2);
    expect(id).not.toBe("");
  });
});
