import { isLifeboatError, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { type Fault, faultyStorage } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { cloneOf, twoSites } from "./copy-support.ts";
import { keys, texts } from "./support.ts";

const sources = () => [texts("media", { "x/1": "one", "x/2": "two" })];

const faults: readonly Fault[] = [
  { kind: "fail", when: "before" },
  { kind: "fail", when: "after" },
  { kind: "crash", when: "before" },
  { kind: "crash", when: "after" },
];

/** What must hold whatever has happened: what is listed is whole, and the next copy ends the work and cleans up. */
async function expectSound(here: Storage, there: Storage): Promise<void> {
  const { engine } = twoSites({ here, there, sources: sources() });
  const listed = await engine.backups.list({ site: "there" });
  for (const { id, status } of listed) {
    expect(status).toBe("complete");
    expect(await engine.verify({ site: "there", id, level: "content" })).toMatchObject({ ok: true });
  }
  expect(await engine.copy({ from: "here", to: "there" })).toMatchObject({ ok: true });
  const originals = await engine.backups.list({ site: "here" });
  const copies = await engine.backups.list({ site: "there" });
  expect(copies.map(({ time }) => time)).toEqual(originals.map(({ time }) => time));
  const folders = new Set((await keys(there, "backups/")).map((key) => key.split("/")[1]));
  expect(folders.size).toBe(copies.length);
  await engine.backup({ site: "here" }); // sweeps there, as every backup does
  for (const storage of [here, there]) expect(await keys(storage, "locks/")).toEqual([]);
}

describe("storages that fail, or take the process with them, before or after a call took effect", () => {
  const cases = (["here", "there"] as const).flatMap((side) => [0, 2].map((shift) => [side, shift] as const));

  it.each(cases)("never make a copy count that is not whole: %s, by turns from %i", async (side, shift) => {
    const before = { here: memoryStorage(), there: memoryStorage() };
    await twoSites({ ...before, sources: sources() }).engine.backup({ site: "here", label: "x" });
    const dry = faultyStorage(await cloneOf(before[side]));
    await twoSites({ ...before, [side]: dry }).engine.copy({ from: "here", to: "there" });
    expect(dry.calls.length).toBeGreaterThan(10);
    let failed = 0;
    for (let call = 0; call < dry.calls.length; call++) {
      const fault = faults[(call + shift) % faults.length] as Fault;
      const inner = { here: await cloneOf(before.here), there: memoryStorage() };
      const storage = faultyStorage(inner[side], { plan: [{ ...fault, call }] });
      const { engine } = twoSites({ ...inner, [side]: storage });
      const error: unknown = await engine.copy({ from: "here", to: "there" }).then(
        () => null,
        (reason: unknown) => reason,
      );
      if (error !== null) {
        expect(isLifeboatError(error), `call ${call}`).toBe(true);
        failed += 1;
      }
      await expectSound(inner.here, inner.there);
    }
    expect(failed).toBeGreaterThan(dry.calls.length / 4);
  });
});
