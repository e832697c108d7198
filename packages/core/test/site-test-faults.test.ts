import { inspect } from "node:util";
import type { Storage } from "@lifeboat/contracts";
import { passphrase } from "@lifeboat/crypto";
import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage, type PlannedFault } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { findings, report } from "./site-test-support.ts";
import { host, keys, texts } from "./support.ts";

const sources = [texts("settings", { a: "1" })];

describe("A test of a site that goes wrong", () => {
  it("leaves nothing behind, whichever call fails, and always answers", async () => {
    const rehearsal = faultyStorage(memoryStorage());
    await report({ storage: rehearsal });
    const count = rehearsal.calls.length;
    expect(count).toBeGreaterThan(20);
    for (let call = 0; call < count; call += 1) {
      for (const when of ["before", "after"] as const) {
        const inner = memoryStorage();
        const plan: PlannedFault[] = [{ call, kind: "fail", when, error: "UNREACHABLE" }];
        const found = await report({ storage: faultyStorage(inner, { plan }) });
        if (when === "before") expect(found.findings.length, `call ${call}`).toBeGreaterThan(0);
        expect(await keys(inner), `call ${call} ${when}`).toEqual([]);
      }
    }
  });

  it("can be cancelled while a call hangs, at each of them, and clears up", async () => {
    const rehearsal = faultyStorage(memoryStorage());
    await report({ storage: rehearsal });
    for (const [call, { key }] of rehearsal.calls.entries()) {
      if (key?.startsWith("locks/") !== true) continue;
      const inner = memoryStorage();
      const storage = faultyStorage(inner, { plan: [{ call, kind: "hang" }] });
      const { engine } = host({ storage });
      const cancel = new AbortController();
      const job = engine.sites.test("local", { signal: cancel.signal });
      const reason = new Error("enough");
      for (; storage.calls.length <= call; ) await new Promise((resolve) => setImmediate(resolve));
      cancel.abort(reason);
      await expect(job).rejects.toBe(reason);
      expect(await keys(inner), `call ${call}`).toEqual([]);
    }
  });

  it("is ended by closing the engine, and clears up before the storage is closed", async () => {
    const inner = memoryStorage();
    const storage = faultyStorage(inner, { plan: [{ call: 12, kind: "hang" }] });
    const { engine } = host({ storage });
    const job = engine.sites.test("local");
    for (; storage.calls.length <= 12; ) await new Promise((resolve) => setImmediate(resolve));
    await engine.close();
    expect(job).toMatchObject({ status: "cancelled" });
    expect(await keys(inner)).toEqual([]);
  });

  it("sweeps what tests that were killed have left, and nothing that is younger than an hour", async () => {
    const inner = memoryStorage();
    const times = new Map([
      ["locks/test-old-large", Date.now() - 3_700_000],
      ["locks/test-new-large", Date.now() - 3_500_000],
    ]);
    for (const key of times.keys()) await inner.put(key, new Uint8Array(10));
    const storage: Storage = {
      ...inner,
      async *list(prefix, o) {
        for await (const info of inner.list(prefix, o)) {
          yield { ...info, modified: new Date(times.get(info.key) ?? info.modified) };
        }
      },
    };
    const found = await report({ storage });
    expect(found.steps.find(({ name }) => name === "delete")?.message).toContain("1 that earlier tests had left");
    expect(await keys(inner)).toEqual(["locks/test-new-large"]);
  });

  it("holds no secret of a key that does not open", async () => {
    const { storage } = host({ sources });
    await host({ storage, sources, key: passphrase("first", { memoryKiB: 8, passes: 1 }) }).engine.backup({
      site: "local",
    });
    const key = passphrase("hunter2-hunter2", { memoryKiB: 8, passes: 1 });
    const found = await report({ storage, key });
    expect(findings(found)).toEqual(["error another-key"]);
    expect(inspect(found, { depth: 10 })).not.toContain("hunter2");
  });
});
