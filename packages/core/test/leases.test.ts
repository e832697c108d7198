import { spawnSync } from "node:child_process";
import { LifeboatError, type ObjectInfo, type Storage } from "@lifeboat/contracts";
import { newBackupId } from "@lifeboat/manifests";
import { memoryStorage } from "@lifeboat/storage-memory";
import { type ProcessIdentity, processIdentity } from "@lifeboat/threads";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findDescriptor } from "../src/lib/descriptor-store.ts";
import { listLeases, writeLease } from "../src/lib/lease-store.ts";
import { LEASE_MS, type Lease } from "../src/lib/leases.ts";
import { collect, gate, host, KEY, keys, textEntry, texts } from "./support.ts";

const coded = (code: string) => expect.objectContaining({ code });

/** A source that stands still in the middle until it is let go. */
function slow(id: string) {
  const begun = gate();
  const go = gate();
  const source = texts(
    id,
    {},
    {
      async *entries() {
        begun.open();
        await go.opened;
        yield textEntry("a", "1");
      },
    },
  );
  return { source, begun: begun.opened, go: go.open };
}

/** A storage whose clock can be set forward. */
function clocked(inner: Storage = memoryStorage()) {
  let ahead = 0;
  const shift = (info: ObjectInfo): ObjectInfo => {
    const by = shifts.get(info.key) ?? 0;
    return { ...info, modified: new Date(info.modified.getTime() + by) };
  };
  const shifts = new Map<string, number>();
  const storage: Storage = {
    ...inner,
    async put(key, body, options) {
      const info = await inner.put(key, body, options);
      shifts.set(key, ahead);
      return shift(info);
    },
    async stat(key, options) {
      const info = await inner.stat(key, options);
      return info && shift(info);
    },
    async *list(prefix, options) {
      for await (const info of inner.list(prefix, options)) yield shift(info);
    },
  };
  return {
    storage,
    forward: (ms: number): void => {
      ahead += ms;
    },
  };
}

const elsewhere: ProcessIdentity = { ...processIdentity(), boot: "another-machine", host: "other" };

/** Puts a lease of some other run into a site. */
async function plant(storage: Storage, lease: Partial<Lease> & { readonly holder: ProcessIdentity }): Promise<string> {
  const { descriptor, siteKey } = (await findDescriptor(storage, KEY))!;
  const secret = { key: siteKey!, suite: 1, keyBlock: new Uint8Array(0) } as const;
  const site = { name: "local", siteId: descriptor.siteId, storage, secret, threads: 0 };
  const id = lease.id ?? newBackupId(new Date(), "manual");
  await writeLease(site, { id, kind: "backup", state: "running", sources: ["settings"], ...lease });
  return id;
}

describe("two runs at once", () => {
  it("are refused on one source and site of one engine, naming the job that is in the way", async () => {
    const { source, begun, go } = slow("settings");
    const { engine } = host({ sources: [source, texts("media", { a: "1" })] });
    const first = engine.backup({ site: "local", sources: ["settings"] });
    await begun;
    await expect(engine.backup({ site: "local" })).rejects.toThrow(
      expect.objectContaining({ code: "LOCKED", key: first.id }),
    );
    await expect(engine.backup({ site: "local", sources: ["media"] })).resolves.toMatchObject({ status: "complete" });
    go();
    await first;
    await expect(engine.backup({ site: "local" })).resolves.toMatchObject({ status: "complete" });
  });

  it("are refused on one source of two engines that share a site, and allowed on two sources", async () => {
    const { source, begun, go } = slow("settings");
    const { engine, storage } = host({ sources: [source] });
    await host({ storage, sources: [texts("other", { a: "1" })] }).engine.backup({ site: "local" });
    const first = engine.backup({ site: "local" });
    await begun;
    const other = host({ storage, sources: [texts("settings", { a: "2" }), texts("media", { a: "2" })] }).engine;
    await expect(other.backup({ site: "local" })).rejects.toThrow(coded("LOCKED"));
    await expect(other.backup({ site: "local", sources: ["media"] })).resolves.toMatchObject({ status: "complete" });
    go();
    await first;
    await expect(other.backup({ site: "local" })).resolves.toMatchObject({ status: "complete" });
    expect(await keys(storage, "locks/")).toEqual([]);
  });
});

describe("a lease left behind", () => {
  it("by a process of this machine that has died is swept at once, with what it had written", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    const pid = spawnSync("true").pid;
    const id = await plant(storage, { holder: { ...processIdentity(), pid, thread: 0, startTime: "1" } });
    await storage.put(`backups/${id}/settings.tar.zst.sealed`, new Uint8Array(10));
    await engine.backup({ site: "local" });
    expect((await keys(storage)).filter((key) => key.includes(id) && !key.startsWith("fenced/"))).toEqual([]);
  });

  it("is swept too where a storage tells milliseconds in listings, and seconds of one object", async () => {
    const inner = memoryStorage();
    const storage: Storage = {
      ...inner,
      async stat(key, options) {
        const info = await inner.stat(key, options);
        return info && { ...info, modified: new Date(Math.floor(info.modified.getTime() / 1000) * 1000) };
      },
      async *list(prefix, options) {
        for await (const info of inner.list(prefix, options)) {
          yield { ...info, modified: new Date(Math.floor(info.modified.getTime() / 1000) * 1000 + 999) };
        }
      },
    };
    const { engine } = host({ storage, sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    const pid = spawnSync("true").pid;
    const id = await plant(storage, { holder: { ...processIdentity(), pid, thread: 0, startTime: "1" } });
    await storage.put(`backups/${id}/settings.tar.zst.sealed`, new Uint8Array(10));
    await engine.backup({ site: "local" });
    expect((await keys(storage)).filter((key) => key.includes(id) && !key.startsWith("fenced/"))).toEqual([]);
  });

  it("on another machine is respected for two minutes of the storage's time, and swept after them", async () => {
    const { storage, forward } = clocked();
    const { engine } = host({ storage, sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    const id = await plant(storage, { holder: elsewhere });
    await storage.put(`backups/${id}/settings.tar.zst.sealed`, new Uint8Array(10));
    forward(LEASE_MS - 5_000);
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("LOCKED"));
    forward(10_000);
    await engine.backup({ site: "local" });
    expect((await keys(storage)).filter((key) => key.includes(id) && !key.startsWith("fenced/"))).toEqual([]);
  });

  it("is not taken away by a deletion of what is being made, whichever way that fails", async () => {
    const { source, begun, go } = slow("settings");
    const { engine, storage } = host({ sources: [source] });
    const job = engine.backup({ site: "local" });
    await begun;
    const [lease] = await keys(storage, "locks/");
    const id = lease!.slice("locks/".length, -".json".length);
    await storage.put(`backups/${id}/other.tar.zst.sealed`, new Uint8Array(1));
    const put: Storage["put"] = () =>
      Promise.reject(new LifeboatError({ code: "UNREACHABLE", operation: "storage.put", message: "no line" }));
    const { engine: other } = host({ storage: { ...storage, put } });
    await expect(other.backups.delete({ site: "local", id })).rejects.toThrow(coded("UNREACHABLE"));
    expect(await keys(storage, "locks/")).toEqual([lease]);
    for (const each of [engine, host({ storage }).engine]) {
      await expect(each.backups.delete({ site: "local", id })).rejects.toThrow(coded("LOCKED"));
    }
    expect(await keys(storage, "locks/")).toEqual([lease]);
    go();
    await expect(job).resolves.toMatchObject({ status: "complete" });
  });

  it("of a backup that is complete is removed, and the backup stays", async () => {
    const { storage, forward } = clocked();
    const { engine } = host({ storage, sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    await plant(storage, { id, holder: elsewhere });
    forward(LEASE_MS * 2);
    await engine.backup({ site: "local" });
    expect(await keys(storage, "locks/")).toEqual([]);
    expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
  });

  it("by a deletion that broke off lets the next run end it", async () => {
    const { storage, forward } = clocked();
    const { engine } = host({ storage, sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    await plant(storage, { id, kind: "delete", sources: [], holder: elsewhere });
    await storage.delete([`backups/${id}/manifest.json`]);
    await expect(engine.backups.delete({ site: "local", id })).rejects.toThrow(coded("LOCKED"));
    forward(LEASE_MS * 2);
    await engine.backup({ site: "local" });
    expect((await keys(storage)).filter((key) => key.includes(id) && !key.startsWith("fenced/"))).toEqual([]);
  });

  it("and damaged stands in the way of every source until its time is over", async () => {
    const { storage, forward } = clocked();
    const { engine } = host({ storage, sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    await storage.put(`locks/${newBackupId(new Date(), "manual")}.json`, Buffer.from("???"));
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("LOCKED"));
    forward(LEASE_MS * 2);
    await expect(engine.backup({ site: "local" })).resolves.toMatchObject({ status: "complete" });
  });
});

describe("a writer that slept past its lease", () => {
  it("does not commit, and what it wrote is gone", async () => {
    const { storage, forward } = clocked();
    const { source, begun, go } = slow("settings");
    const { engine } = host({ storage, sources: [source] });
    const sleeper = engine.backup({ site: "local" });
    await begun;
    forward(LEASE_MS * 5);
    go();
    await expect(sleeper).rejects.toThrow(coded("LOCKED"));
    expect(await engine.backups.list({ site: "local" })).toEqual([]);
    expect(await keys(storage, "backups/")).toEqual([]);
    expect(await keys(storage, "locks/")).toEqual([]);
  });

  it("does not commit when another run has swept it, though clocks say nothing", async () => {
    const { source, begun, go } = slow("settings");
    const { engine, storage } = host({ sources: [source] });
    const sleeper = engine.backup({ site: "local" });
    await begun;
    await storage.delete(await keys(storage, "locks/"));
    go();
    await expect(sleeper).rejects.toThrow(coded("LOCKED"));
    expect(await engine.backups.list({ site: "local" })).toEqual([]);
  });
});

describe("a lease", () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets the renewal that the clock has set off come to its end. */
  async function forward(ms: number) {
    await vi.advanceTimersByTimeAsync(ms);
    await new Promise(setImmediate);
  }

  it("is renewed while the run lasts", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
    const { source, begun, go } = slow("settings");
    const { engine, storage } = host({ sources: [source] });
    const job = engine.backup({ site: "local" });
    await begun;
    const [key] = await keys(storage, "locks/");
    const before = await storage.stat(key!);
    for (let i = 0; i < 20; i++) await forward(30_000);
    const after = await storage.stat(key!);
    expect(after!.modified.getTime() - before!.modified.getTime()).toBeGreaterThanOrEqual(9 * 60_000);
    go();
    await expect(job).resolves.toMatchObject({ status: "complete" });
  });

  it("that can't be renewed in time stops the run, with nothing committed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"] });
    let down = false;
    const inner = memoryStorage();
    const put: Storage["put"] = (key, body, options) => {
      if (!down || !key.startsWith("locks/")) return inner.put(key, body, options);
      return Promise.reject(new LifeboatError({ code: "UNREACHABLE", operation: "storage.put", message: "no line" }));
    };
    const { source, begun, go } = slow("settings");
    const { engine } = host({ storage: { ...inner, put }, sources: [source] });
    const job = engine.backup({ site: "local" });
    await begun;
    down = true;
    for (let i = 0; i < 60; i++) await forward(5_000);
    go();
    await expect(job).rejects.toThrow(coded("LOCKED"));
    expect(job.status).toBe("failed");
    expect(await keys(inner, "backups/")).toEqual([]);
  });
});

describe("a folder that has lost its manifest", () => {
  it("is left alone, warned of, and can be rebuilt", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    await storage.delete([`backups/${id}/manifest.json`]);
    const job = engine.backup({ site: "local" });
    const events = await collect(job);
    expect(events.filter(({ type }) => type === "warning")).toEqual([
      expect.objectContaining({ code: "manifest-missing", message: expect.stringContaining(id) }),
    ]);
    await expect(engine.backups.get({ site: "local", id })).rejects.toThrow(coded("CORRUPT"));
    expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: false });
    await engine.backups.rebuild({ site: "local", id });
    expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
    expect(await engine.backups.list({ site: "local" })).toHaveLength(2);
  });
});

it("A lease tells people nothing without the key but that there is one", async () => {
  const { source, begun, go } = slow("settings");
  const { engine, storage } = host({ sources: [source] });
  const job = engine.backup({ site: "local" });
  await begun;
  const [key] = await keys(storage, "locks/");
  const text = Buffer.concat(await collect(storage.get(key!))).toString();
  expect(text).not.toContain("settings");
  expect(text).not.toContain(JSON.stringify(processIdentity().host)); // in quotes: a short name may stand in base64 by chance
  const { descriptor, siteKey } = (await findDescriptor(storage, KEY))!;
  const secret = { key: siteKey!, suite: 1, keyBlock: new Uint8Array(0) } as const;
  const found = await listLeases({ name: "x", siteId: descriptor.siteId, storage, secret, threads: 0 });
  expect(found).toMatchObject([{ lease: { state: "running", sources: ["settings"], holder: processIdentity() } }]);
  go();
  await job;
});

describe("the descriptor", () => {
  const both = (storage: Storage) =>
    Promise.all(
      ["lifeboat.json", "lifeboat.copy.json"].map(async (key) => Buffer.concat(await collect(storage.get(key)))),
    );

  it("is not mended while another host changes the keys, and is by the next backup", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    await storage.put("lifeboat.copy.json", Buffer.from("old"));
    const id = await plant(storage, { holder: elsewhere, kind: "keys", sources: [":keys"] });
    const other = host({ storage, sources: [texts("settings", { a: "1" })] }).engine;
    await other.backup({ site: "local" });
    expect((await both(storage))[1]).toEqual(Buffer.from("old"));
    await storage.delete([`locks/${id}.json`]);
    await other.backup({ site: "local" });
    const [first, copy] = await both(storage);
    expect(copy).toEqual(first);
  });

  it("is not written by who only lists the keys", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    await engine.backup({ site: "local" });
    await storage.put("lifeboat.json", Buffer.from("damaged"));
    expect(await engine.keys("local").list()).toHaveLength(1);
    expect((await both(storage))[0]).toEqual(Buffer.from("damaged"));
    await engine.keys("local").createRecoveryCode();
    const [first, copy] = await both(storage);
    expect(first).toEqual(copy);
  });

  it("of a new site is one, also where create-only puts do not hold between hosts", async () => {
    const inner = memoryStorage();
    const waiting: (() => void)[] = [];
    const storage: Storage = {
      ...inner,
      capabilities: { ...inner.capabilities, conditionalPut: false },
      async put(key, body, options) {
        if (options?.ifAbsent !== true) return inner.put(key, body, options);
        if ((await inner.stat(key)) !== null) return inner.put(key, body, options);
        if (key === "lifeboat.json") await new Promise<void>((resolve) => waiting.push(resolve));
        return inner.put(key, body);
      },
    };
    const hosts = Array.from({ length: 3 }, (_, i) => host({ storage, sources: [texts(`s${i}`, { a: "1" })] }).engine);
    const backups = hosts.map((engine) => engine.backup({ site: "local" }));
    // Whoever comes so far that it writes a descriptor stands still there; nobody else may come so far.
    await vi.waitFor(() => expect(waiting.length).toBe(1), { timeout: 20_000 });
    waiting[0]?.();
    const made = await Promise.all(backups);
    expect(waiting.length).toBe(1);
    const { engine } = host({ storage });
    expect((await engine.backups.list({ site: "local" })).map(({ id }) => id).sort()).toEqual(
      made.map(({ id }) => id).sort(),
    );
    for (const { id } of made) expect(await engine.verify({ site: "local", id })).toMatchObject({ ok: true });
    const [first, copy] = await both(inner);
    expect(first).toEqual(copy);
  });

  it("that another host's has replaced fails the backup, which nothing could open", async () => {
    const elsewhereMade = memoryStorage();
    await host({ storage: elsewhereMade, sources: [texts("settings", {})] }).engine.backup({ site: "local" });
    const storage = memoryStorage();
    const replacing = texts(
      "settings",
      {},
      {
        async *entries() {
          await storage.put("lifeboat.json", elsewhereMade.get("lifeboat.json"));
          yield textEntry("a", "1");
        },
      },
    );
    const { engine } = host({ storage, sources: [replacing] });
    await expect(engine.backup({ site: "local" })).rejects.toThrow(coded("CONFLICT"));
    expect(await keys(storage, "backups/")).toEqual([]);
  });
});

describe("a rebuild and a deletion of one backup", () => {
  it("exclude each other, between hosts too", async () => {
    const { engine, storage } = host({ sources: [texts("settings", { a: "1" })] });
    const { id } = await engine.backup({ site: "local" });
    for (const kind of ["delete", "rebuild"] as const) {
      const lease = await plant(storage, { holder: elsewhere, kind, sources: [`:backup ${id}`] });
      await expect(engine.backups.rebuild({ site: "local", id })).rejects.toThrow(coded("LOCKED"));
      await expect(engine.backups.delete({ site: "local", id })).rejects.toThrow(coded("LOCKED"));
      await storage.delete([`locks/${lease}.json`]);
    }
    await engine.backups.rebuild({ site: "local", id });
    expect(await keys(storage, "locks/")).toEqual([]);
    await engine.backups.delete({ site: "local", id });
    expect(await keys(storage, "locks/")).toEqual([]);
  });
});
