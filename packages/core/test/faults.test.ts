import { isLifeboatError, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { type Fault, faultyStorage } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { collect, host, keys, texts } from "./support.ts";

const sources = () => [texts("settings", { "a.json": "{}" }), texts("media", { "x/1": "one", "x/2": "two" })];

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for await (const { key } of storage.list("")) await copy.put(key, storage.get(key));
  return copy;
}

/** What must hold whatever has happened: what is listed is whole, and the next run works and cleans up. */
async function expectSound(storage: Storage): Promise<void> {
  const { engine } = host({ storage, sources: sources() });
  for (const { id, status } of await engine.backups.list({ site: "local" })) {
    expect(status).toBe("complete");
    expect(await engine.verify({ site: "local", id, level: "content" })).toMatchObject({ ok: true });
  }
  const next = engine.backup({ site: "local" });
  const events = await collect(next);
  const { id } = await next;
  expect(events.filter(({ type }) => type === "warning")).toEqual([]);
  const listed = await engine.backups.list({ site: "local" });
  expect(listed.map((backup) => backup.id)).toContain(id);
  const folders = new Set((await keys(storage, "backups/")).map((key) => key.split("/")[1]));
  expect(folders.size).toBe(listed.length);
  expect(await keys(storage, "locks/")).toEqual([]);
}

const faults: readonly Fault[] = [
  { kind: "fail", when: "before" },
  { kind: "fail", when: "after" },
  { kind: "crash", when: "before" },
  { kind: "crash", when: "after" },
];

describe.each(faults)("a storage that will $kind $when a call took effect", (fault) => {
  it.each(["a new", "an old"])("never makes a backup to %s site count that is not whole", async (age) => {
    const before = memoryStorage();
    if (age === "an old") await host({ storage: before, sources: sources() }).engine.backup({ site: "local" });
    const dry = faultyStorage(await copyOf(before));
    await host({ storage: dry, sources: sources() }).engine.backup({ site: "local", label: "x" });
    expect(dry.calls.length).toBeGreaterThan(10);
    let failed = 0;
    for (let call = 0; call < dry.calls.length; call++) {
      const inner = await copyOf(before);
      const storage = faultyStorage(inner, { plan: [{ ...fault, call }] });
      const { engine } = host({ storage, sources: sources() });
      const error: unknown = await engine.backup({ site: "local", label: "x" }).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error !== null) {
        expect(isLifeboatError(error), `call ${call}`).toBe(true);
        failed += 1;
      }
      await expectSound(inner);
    }
    expect(failed).toBeGreaterThan(dry.calls.length / 3);
  });

  it("leaves a deletion to be ended by the next run", async () => {
    const before = memoryStorage();
    const { id } = await host({ storage: before, sources: sources() }).engine.backup({ site: "local" });
    const dry = faultyStorage(await copyOf(before));
    await host({ storage: dry }).engine.backups.delete({ site: "local", id });
    for (let call = 0; call < dry.calls.length; call++) {
      const inner = await copyOf(before);
      const storage = faultyStorage(inner, { plan: [{ ...fault, call }] });
      const error: unknown = await host({ storage })
        .engine.backups.delete({ site: "local", id })
        .then(null, (reason: unknown) => reason);
      if (error !== undefined) expect(isLifeboatError(error), `call ${call}`).toBe(true);
      await expectSound(inner);
    }
  });

  it("never loses the site while its keys are changed", async () => {
    const before = memoryStorage();
    await host({ storage: before, sources: sources() }).engine.backup({ site: "local" });
    const dry = faultyStorage(await copyOf(before));
    await host({ storage: dry }).engine.keys("local").createRecoveryCode();
    for (let call = 0; call < dry.calls.length; call++) {
      const inner = await copyOf(before);
      const storage = faultyStorage(inner, { plan: [{ ...fault, call }] });
      await host({ storage })
        .engine.keys("local")
        .createRecoveryCode()
        .catch((error: unknown) => expect(isLifeboatError(error), `call ${call}`).toBe(true));
      await expectSound(inner);
    }
  });
});

describe("a storage that damages what it is given", () => {
  it("is found out by verifying, wherever it strikes", async () => {
    const dry = faultyStorage(memoryStorage());
    await host({ storage: dry, sources: sources() }).engine.backup({ site: "local" });
    const puts = dry.calls.flatMap(({ name, key }, call) =>
      name === "put" && key?.startsWith("backups/") ? [call] : [],
    );
    expect(puts.length).toBe(3);
    for (const call of puts) {
      const inner = memoryStorage();
      const storage = faultyStorage(inner, { plan: [{ kind: "corrupt", at: 100, call }] });
      const backup = await host({ storage, sources: sources() }).engine.backup({ site: "local" });
      const { engine } = host({ storage: inner, sources: sources() });
      for (const level of ["checksum", "content", "restore"] as const) {
        expect(await engine.verify({ site: "local", id: backup.id, level })).toMatchObject({ ok: false });
      }
    }
  });
});
