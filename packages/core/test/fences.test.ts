import { LifeboatError, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { collect, gate, host, keys, texts } from "./support.ts";

const sources = () => [texts("settings", { a: "1" })];
const isManifest = (key: string) => key.endsWith("/manifest.json");
const list = (storage: Storage) => host({ storage, sources: sources() }).engine.backups.list({ site: "local" });
const folder = (storage: Storage, id: string) => keys(storage, `backups/${id}/`);

/** The number of the call that puts the manifest of a site's first backup. */
async function commitCall(): Promise<number> {
  const dry = faultyStorage(memoryStorage());
  await host({ storage: dry, sources: sources() }).engine.backup({ site: "local" });
  return dry.calls.findIndex(({ name, key }) => name === "put" && key !== undefined && isManifest(key));
}

/** A storage through which one manifest gets only when it is let go, and whose sender gets no answer. */
function late(inner: Storage) {
  const sent = gate();
  const holding: { key: string; bytes: Uint8Array }[] = [];
  const storage: Storage = {
    ...inner,
    async put(key, body, options) {
      if (!isManifest(key)) return inner.put(key, body, options);
      holding.push({ key, bytes: body as Uint8Array });
      sent.open();
      throw new LifeboatError({ code: "TIMEOUT", operation: "storage.put", key, message: "no answer" });
    },
  };
  return {
    storage,
    sent: sent.opened,
    async arrive() {
      for (const { key, bytes } of holding) await inner.put(key, bytes);
    },
  };
}

describe("a manifest that arrives after its run was given up", () => {
  it("is not listed where the run itself removed its parts, and the next run removes it", async () => {
    const inner = memoryStorage();
    const line = late(inner);
    await expect(host({ storage: line.storage, sources: sources() }).engine.backup({ site: "local" })).rejects.toThrow(
      expect.objectContaining({ code: "TIMEOUT" }),
    );
    expect(await keys(inner, "fenced/")).toHaveLength(1);
    await line.arrive();
    expect((await keys(inner, "backups/")).filter(isManifest)).toHaveLength(1);
    expect(await list(inner)).toEqual([]);
    const job = host({ storage: inner, sources: sources() }).engine.backup({ site: "local" });
    const events = await collect(job);
    expect(events).toContainEqual(expect.objectContaining({ type: "warning", code: "backup-void" }));
    expect((await list(inner)).map(({ id }) => id)).toEqual([(await job).id]);
    expect((await keys(inner, "backups/")).filter(isManifest)).toHaveLength(1);
  });

  it("finds its parts where the run could not put its own fence either, and is then listed", async () => {
    const inner = memoryStorage();
    const line = late(inner);
    const storage: Storage = {
      ...line.storage,
      async put(key, body, options) {
        if (!key.startsWith("fenced/")) return line.storage.put(key, body, options);
        throw new LifeboatError({ code: "TIMEOUT", operation: "storage.put", key, message: "no answer" });
      },
    };
    await expect(host({ storage, sources: sources() }).engine.backup({ site: "local" })).rejects.toThrow();
    await line.arrive();
    const [backup] = await list(inner);
    const { engine } = host({ storage: inner, sources: sources() });
    expect(await engine.verify({ site: "local", id: backup!.id })).toMatchObject({ ok: true });
  });

  it("is not listed where a sweep removed its parts", async () => {
    const again = memoryStorage();
    const held = late(again);
    // The process dies with the manifest on its way.
    const plan = [{ kind: "crash", when: "before", call: (await commitCall()) + 1 }] as const;
    const crashing = faultyStorage(held.storage, { plan });
    await expect(host({ storage: crashing, sources: sources() }).engine.backup({ site: "local" })).rejects.toThrow();
    const [lease] = await keys(again, "locks/");
    const id = lease!.slice("locks/".length, -".json".length);
    expect((await folder(again, id)).length).toBeGreaterThan(0);
    await host({ storage: again, sources: sources() }).engine.backup({ site: "local" });
    expect(await folder(again, id)).toEqual([]);
    expect(await keys(again, "fenced/")).toEqual([`fenced/${id}.json`]);
    await held.arrive();
    expect((await list(again)).map((backup) => backup.id)).not.toContain(id);
  });

  it("is listed where all of it is there: a fence alone is no verdict", async () => {
    const { engine, storage } = host({ sources: sources() });
    const { id } = await engine.backup({ site: "local" });
    await storage.put(`fenced/${id}.json`, new Uint8Array(1));
    expect((await list(storage)).map((backup) => backup.id)).toEqual([id]);
    await engine.backup({ site: "local" });
    expect(await list(storage)).toHaveLength(2);
  });
});

describe("giving up a dead run", () => {
  it("puts its fence before anything of it goes, and takes the lease last", async () => {
    const inner = memoryStorage();
    const plan = [{ kind: "crash", when: "before", call: await commitCall() }] as const;
    const crashing = faultyStorage(inner, { plan });
    await expect(host({ storage: crashing, sources: sources() }).engine.backup({ site: "local" })).rejects.toThrow();
    const watched = faultyStorage(inner);
    await host({ storage: watched, sources: sources() }).engine.backup({ site: "local" });
    const [fence] = await keys(inner, "fenced/");
    const id = fence!.slice("fenced/".length, -".json".length);
    const of = watched.calls.filter(({ key }) => key?.includes(id) === true || key === `fenced/${id}.json`);
    const steps = of.map(({ name, key }) => `${name} ${key?.split("/").at(0)}`);
    const fenced = steps.indexOf("put fenced");
    expect(steps.slice(fenced)).toEqual([
      "put fenced",
      "stat backups",
      "list backups",
      "delete backups",
      "delete locks",
    ]);
    expect(steps.slice(0, fenced).filter((step) => step.startsWith("delete"))).toEqual([]);
  });

  it("leaves the manifest that arrived before the fence, and its parts", async () => {
    const inner = memoryStorage();
    const line = late(inner);
    const plan = [{ kind: "crash", when: "before", call: (await commitCall()) + 1 }] as const;
    const crashing = faultyStorage(line.storage, { plan });
    await expect(host({ storage: crashing, sources: sources() }).engine.backup({ site: "local" })).rejects.toThrow();
    // It arrives right when the sweep puts the fence.
    const racing: Storage = {
      ...inner,
      async put(key, body, options) {
        if (key.startsWith("fenced/")) await line.arrive();
        return inner.put(key, body, options);
      },
    };
    await host({ storage: racing, sources: sources() }).engine.backup({ site: "local" });
    const { engine } = host({ storage: inner, sources: sources() });
    const listed = await engine.backups.list({ site: "local" });
    expect(listed).toHaveLength(2);
    for (const { id } of listed) {
      expect(await engine.verify({ site: "local", id, level: "content" })).toMatchObject({ ok: true });
    }
    expect(await keys(inner, "locks/")).toEqual([]);
  });
});

describe("a deletion", () => {
  it("puts the fence before the manifest goes", async () => {
    const inner = memoryStorage();
    const { id } = await host({ storage: inner, sources: sources() }).engine.backup({ site: "local" });
    const watched = faultyStorage(inner);
    await host({ storage: watched }).engine.backups.delete({ site: "local", id });
    const steps = watched.calls.map(({ name, key }) => `${name} ${key?.split("/").at(0)}`);
    expect(steps.indexOf("put fenced")).toBeGreaterThan(0);
    expect(steps.indexOf("put fenced")).toBeLessThan(steps.indexOf("delete backups"));
  });
});

describe("a run that others give up while it commits", () => {
  it("fails, even though all of its parts are still there: whoever gave it up may be removing them", async () => {
    const inner = memoryStorage();
    const storage: Storage = {
      ...inner,
      async put(key, body, options) {
        const id = key.split("/")[1] ?? "";
        // Another host has fenced it, found no manifest, and has yet to remove the parts.
        if (isManifest(key)) await inner.put(`fenced/${id}.json`, new Uint8Array(1));
        return inner.put(key, body, options);
      },
    };
    const { engine } = host({ storage, sources: sources() });
    await expect(engine.backup({ site: "local" })).rejects.toThrow(expect.objectContaining({ code: "LOCKED" }));
    expect(await keys(inner, "backups/")).toEqual([]);
  });
});
