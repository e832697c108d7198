import {
  appendOnly,
  noopStorage,
  readOnly,
  withBandwidthLimit,
  withConcurrency,
  withPrefix,
  withRetry,
  withTimeLimits,
} from "@lifeboat/storage-decorators";
import { memoryStorage } from "@lifeboat/storage-memory";
import { faultyStorage, type PlannedFault } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { findings as codesOf, report } from "./site-test-support.ts";
import { type HostOptions, host, keys, texts } from "./support.ts";

async function findings(options: HostOptions) {
  return codesOf(await report(options));
}

describe("A test of a site through a decorated storage", () => {
  it("finds nothing wrong where only speed, names or patience differ, and leaves nothing behind", async () => {
    const inner = memoryStorage();
    const through = withPrefix(inner, "nvr");
    const limited = withBandwidthLimit(withConcurrency(through, { uploads: 1, downloads: 1, requests: 1 }), {
      upload: 1 << 30,
      download: 1 << 30,
    });
    expect(await findings({ storage: withTimeLimits(limited, { idleMs: 5000 }) })).toEqual([]);
    expect(await keys(inner)).toEqual([]);
  });

  it("goes on over faults that pass, and finds nothing then", async () => {
    const rehearsal = faultyStorage(memoryStorage());
    await findings({ storage: rehearsal });
    for (let call = 0; call < rehearsal.calls.length; call += 1) {
      const inner = memoryStorage();
      const plan: PlannedFault[] = [{ call, kind: "fail", when: "before" }];
      const storage = withRetry(faultyStorage(inner, { plan }), { firstPauseMs: 0, longestPauseMs: 0 });
      expect(await findings({ storage }), `call ${call}`).toEqual([]);
      expect(await keys(inner)).toEqual([]);
    }
  });

  it("says that a host may only add, and is content", async () => {
    const inner = memoryStorage();
    expect(await findings({ storage: appendOnly(inner) })).toEqual(["info append-only"]);
    expect(await keys(inner)).toEqual([]);
  });

  it("leaves the same one object each time where not even leases may be deleted or replaced", async () => {
    const inner = memoryStorage();
    for (let time = 0; time < 2; time += 1) {
      const found = await findings({ storage: appendOnly(inner, { mutable: [] }) });
      expect(found).toEqual(["warning delete-denied", "info probe-left"]);
      expect(await keys(inner)).toEqual(["locks/test-kept"]);
    }
  });

  it("only looks at a site that is read-only", async () => {
    const inner = memoryStorage();
    const sources = [texts("settings", { a: "1" })];
    await host({ storage: inner, sources }).engine.backup({ site: "local" });
    const before = await keys(inner);
    const found = await report({ storage: readOnly(inner) });
    expect(found).toMatchObject({ ok: true, findings: [{ code: "read-only" }] });
    expect(found.steps[1]?.message).toContain("1 backup");
    expect(await keys(inner)).toEqual(before);
  });

  it("passes on a storage for dry runs, which keeps what is small", async () => {
    expect(await findings({ storage: noopStorage() })).toEqual(["info no-conditional-put"]);
  });
});
