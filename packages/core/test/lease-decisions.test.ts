import { spawnSync } from "node:child_process";
import { type ProcessIdentity, processIdentity, processIsGone } from "@lifeboat/threads";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type FoundLease, judgeClaim, LEASE_MS, type Lease, type LeaseState, planSweep } from "../src/lib/leases.ts";

const elsewhere: ProcessIdentity = { ...processIdentity(), boot: "another-machine", host: "other" };

describe("runs that claim one source", () => {
  it("let at most one go on, in whatever order their steps fall", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(9), { minLength: 2, maxLength: 4 }),
        fc.infiniteStream(fc.nat(99)),
        fc.integer({ min: 20, max: 200 }),
        (ids, choices, steps) => {
          const stored = new Map<string, LeaseState>();
          const runs = ids.map((id) => ({ id: `${id}`, step: "put" as "put" | "look" | "mark" | "on" | "off" }));
          const lease = (id: string, state: LeaseState): Lease => ({
            id,
            kind: "backup",
            state,
            sources: ["s"],
            holder: elsewhere,
          });
          for (let i = 0; i < steps; i++) {
            const run = runs[(choices.next().value ?? 0) % runs.length]!;
            if (run.step === "put") {
              stored.set(run.id, "claiming");
              run.step = "look";
            } else if (run.step === "look") {
              const others = [...stored].map(
                ([id, state]): FoundLease => ({ id, modified: new Date(), lease: lease(id, state) }),
              );
              const { verdict } = judgeClaim(lease(run.id, "claiming"), others);
              if (verdict === "go") run.step = "mark";
              if (verdict === "withdraw") {
                stored.delete(run.id);
                run.step = "off";
              }
            } else if (run.step === "mark") {
              stored.set(run.id, "running");
              run.step = "on";
            }
            expect(runs.filter(({ step }) => step === "mark" || step === "on").length).toBeLessThan(2);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe("deciding what to sweep", () => {
  const now = new Date("2026-11-20T12:00:00Z");
  const facts = { storageNow: now, gone: () => false };
  const lease = (id: string, ageMs: number): FoundLease => ({
    id,
    modified: new Date(now.getTime() - ageMs),
    lease: null,
  });
  it("removes only what a dead lease covers and no manifest completes", () => {
    const plan = planSweep(
      [
        { id: "dead-partial", complete: false },
        { id: "dead-complete", complete: true },
        { id: "live-partial", complete: false },
        { id: "orphan", complete: false },
        { id: "fine", complete: true },
      ],
      [
        lease("dead-partial", LEASE_MS + 1),
        lease("dead-complete", LEASE_MS + 1),
        lease("live-partial", LEASE_MS),
        lease("never-began", LEASE_MS + 1),
      ],
      facts,
    );
    expect(plan).toEqual({ remove: ["dead-partial", "never-began"], release: ["dead-complete"], orphans: ["orphan"] });
  });
});

describe("whether a process is gone", () => {
  const here = processIdentity();
  it("is known of this machine's own", () => {
    expect(processIsGone(here)).toBe(false);
    expect(processIsGone({ ...here, pid: spawnSync("true").pid })).toBe(true);
    expect(processIsGone({ ...here, startTime: "1" })).toBe(true);
  });
  it("is not known of another machine, start, or container", () => {
    const pid = spawnSync("true").pid;
    expect(processIsGone({ ...here, pid, boot: "other" })).toBe(false);
    expect(processIsGone({ ...here, pid, boot: null })).toBe(false);
    expect(processIsGone({ ...here, pid, pidNamespace: "pid:[1]" })).toBe(false);
  });
});
