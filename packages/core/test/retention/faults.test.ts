import { isLifeboatError, type Storage } from "@lifeboat/contracts";
import { memoryStorage } from "@lifeboat/storage-memory";
import { type Fault, faultyStorage } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { keys } from "../support.ts";
import { retainingHost } from "./support.ts";

const plans = { nightly: { retention: { keepLast: 2 } } };
const NOW = "2026-11-10T12:00:00Z";

async function copyOf(storage: Storage): Promise<Storage> {
  const copy = memoryStorage();
  for (const key of await keys(storage)) await copy.put(key, storage.get(key));
  return copy;
}

const faults: readonly Fault[] = [
  { kind: "fail", when: "before" },
  { kind: "fail", when: "after" },
  { kind: "crash", when: "before" },
  { kind: "crash", when: "after" },
];

describe.each(faults)("a storage that will $kind $when a call took effect", (fault) => {
  it("never loses a backup that retention keeps, and the next prune ends what was begun", async () => {
    const before = memoryStorage();
    const first = retainingHost({ plans, storage: before });
    for (const day of [1, 2, 3]) await first.backUp("nightly", `2026-11-0${day}T01:00:00Z`);
    first.set(NOW);
    const preview = await first.engine.plans.preview("nightly");
    const kept = preview.keep.map(({ backup }) => backup.id);
    expect([kept.length, preview.remove.length]).toEqual([2, 1]);

    const dry = faultyStorage(await copyOf(before));
    const trial = retainingHost({ plans, storage: dry });
    trial.set(NOW);
    await trial.engine.plans.prune("nightly");
    expect(dry.calls.length).toBeGreaterThan(20);
    for (let call = 0; call < dry.calls.length; call++) {
      const inner = await copyOf(before);
      const { engine, set } = retainingHost({ plans, storage: faultyStorage(inner, { plan: [{ ...fault, call }] }) });
      set(NOW);
      const job = engine.plans.prune("nightly");
      await Promise.allSettled([job]);
      if (job.status === "failed") expect(isLifeboatError(job.error), `call ${call}`).toBe(true);
      const next = retainingHost({ plans, storage: inner });
      next.set(NOW);
      const listed = (await next.engine.backups.list({ site: "local" })).map(({ id }) => id);
      expect(listed.slice(0, 2), `call ${call}`).toEqual(kept);
      await next.engine.plans.prune("nightly");
      const after = await next.engine.backups.list({ site: "local" });
      expect(
        after.map(({ id }) => id),
        `call ${call}`,
      ).toEqual(kept);
      for (const id of kept) {
        expect(await next.engine.verify({ site: "local", id, level: "checksum" }), `call ${call}`).toMatchObject({
          ok: true,
        });
      }
    }
  });
});
