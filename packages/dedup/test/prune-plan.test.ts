import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decidePacks, type PackUse, type PlanSettings, totalsOf } from "../src/lib/prune/plan.ts";

const MIB = 1 << 20;
const settings: PlanSettings = { maxUnused: 0.05, maxRepackBytes: Number.POSITIVE_INFINITY, targetBytes: 16 * MIB };

/** A pack of data, 16 MiB, of which so much is live. */
const pack = (id: string, live: number, more: Partial<PackUse> = {}): PackUse => {
  const { size = 16 * MIB } = more;
  return {
    id,
    size,
    content: "data",
    liveBytes: live * size,
    deadBytes: size - live * size,
    needed: live > 0,
    damaged: false,
    isNew: false,
    ...more,
  };
};
const plan = (packs: readonly PackUse[], changes: Partial<PlanSettings> = {}) =>
  decidePacks(packs, { ...settings, ...changes }).map(({ id, action, why }) => `${id} ${action} ${why}`);

describe("a prune's plan", () => {
  it("lets go what is unused, and what other packs hold too", () => {
    expect(plan([pack("a", 0), pack("b", 0, { needed: true }), pack("c", 1)])).toEqual([
      "a delete unused",
      "b delete duplicate",
      "c keep used",
    ]);
  });

  it("repacks what has most dead bytes for what is to be copied, until few enough are left", () => {
    const packs = [pack("a", 0.5), pack("b", 0.9), pack("c", 0.1), pack("d", 1), pack("e", 1)];
    expect(plan(packs)).toEqual(["a repack dead", "c repack dead", "b keep used", "d keep used", "e keep used"]);
    expect(plan(packs, { maxUnused: 0 })).toContain("b repack dead");
    expect(plan(packs, { maxUnused: 1 }).every((line) => line.endsWith("keep used"))).toBe(true);
  });

  it("copies no more than it may", () => {
    const packs = [pack("a", 0.5), pack("b", 0.4), pack("c", 0.3)];
    const some = plan(packs, { maxUnused: 0, maxRepackBytes: 12 * MIB });
    expect(some).toEqual(["b repack dead", "c repack dead", "a keep used"]);
    expect(plan(packs, { maxUnused: 0, maxRepackBytes: 0 }).every((line) => line.endsWith("keep used"))).toBe(true);
  });

  it("puts small packs together where there are eight of a kind", () => {
    const small = (count: number) => Array.from({ length: count }, (_, n) => pack(`p${n}`, 1, { size: MIB }));
    expect(plan(small(7)).every((line) => line.endsWith("keep used"))).toBe(true);
    expect(plan(small(8)).every((line) => line.endsWith("repack small"))).toBe(true);
  });

  it("repacks lists with a fifth of dead bytes, damaged packs always, and leaves new ones alone", () => {
    const packs = [
      pack("a", 0.75, { content: "lists" }),
      pack("b", 0.85, { content: "lists" }),
      pack("c", 1, { damaged: true }),
      pack("d", 0, { isNew: true }),
    ];
    expect(plan(packs, { maxUnused: 1 })).toEqual(["a repack dead", "c repack damaged", "b keep used", "d keep new"]);
  });

  it("is the same whatever the order, lets go nothing that is live without copying it, and sums up", () => {
    const anyPack = fc
      .record({
        live: fc.integer({ min: 0, max: 1000 }),
        dead: fc.integer({ min: 0, max: 1000 }),
        content: fc.constantFrom("data" as const, "lists" as const),
        isNew: fc.boolean(),
        damaged: fc.boolean(),
      })
      .map(({ live, dead, ...pack }) => ({
        ...pack,
        liveBytes: live,
        deadBytes: dead,
        size: live + dead + 100,
        needed: live > 0,
      }));
    fc.assert(
      fc.property(
        fc.array(anyPack, { maxLength: 30 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (some, maxUnused) => {
          const packs = some.map((each, n) => ({ ...each, id: String(n).padStart(3, "0") }));
          const own = { ...settings, maxUnused };
          const decided = decidePacks(packs, own);
          expect(decidePacks(packs.toReversed(), own)).toEqual(decided);
          expect(decided.map(({ id }) => id).sort()).toEqual(packs.map(({ id }) => id));
          for (const { liveBytes, action } of decided) if (action === "delete") expect(liveBytes).toBe(0);
          for (const { id, action } of decided)
            if (packs.find((each) => each.id === id)?.isNew) expect(action).toBe("keep");
          const totals = totalsOf(decided);
          expect(totals.packs).toBe(packs.length);
          expect(totals.freedBytes).toBe(totals.goingBytes - totals.copiedBytes);
          expect(totals.freedBytes).toBeGreaterThanOrEqual(0);
        },
      ),
    );
  });
});
