import fc from "fast-check";
import { expect, it } from "vitest";
import type { PackPlace } from "../src/lib/read/chunk-map.ts";
import { MAX_GAP_BYTES, MAX_RUN_BYTES, planRuns } from "../src/lib/read/restore-plan.ts";

const MIB = 1024 * 1024;

function pack(id: string, lengths: readonly number[]): PackPlace {
  return {
    id,
    size: 0,
    sha256: new Uint8Array(),
    frameCount: lengths.length,
    frame(n) {
      const offset = lengths.slice(0, n).reduce((sum, length) => sum + length, 96);
      return { offset, storedLength: lengths[n] ?? 0, expanded: 1, codec: "stored" };
    },
  };
}

const told = (runs: ReturnType<typeof planRuns>) =>
  runs.map((run) => `${run.pack.id}: ${run.frames.map(({ frame }) => frame).join()}`);

it("Frames are asked for in the order of first use, neighbours of a pack together", () => {
  const [a, b] = [pack("a", [MIB, MIB, MIB, MIB, MIB]), pack("b", [MIB, MIB])];
  const wanted = [
    { pack: b, frame: 1 },
    { pack: a, frame: 3 },
    { pack: a, frame: 0 },
    { pack: b, frame: 0 },
    { pack: a, frame: 4 },
  ];
  expect(told(planRuns(wanted))).toEqual(["b: 0,1", "a: 3,4", "a: 0"]);
});

it("A gap of up to 1 MiB is read through, a larger one is not, and no request is longer than 32 MiB", () => {
  const gaps = pack("gaps", [10, MIB, 10, MIB + 1, 10]);
  expect(told(planRuns([0, 2, 4].map((frame) => ({ pack: gaps, frame }))))).toEqual(["gaps: 0,2", "gaps: 4"]);
  const long = pack(
    "long",
    Array.from({ length: 40 }, () => MIB),
  );
  const all = planRuns(Array.from({ length: 40 }, (_, frame) => ({ pack: long, frame })));
  expect(all.map(({ frames }) => frames.length)).toEqual([32, 8]);
});

it("Whatever is wanted is asked for once, within the limits", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 3 * MIB }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(fc.array(lengths, { minLength: 1, maxLength: 4 }), fc.infiniteStream(fc.nat()), (packs, picks) => {
      const places = packs.map((each, n) => pack(`${n}`, each));
      const frames = places.flatMap((each) =>
        Array.from({ length: each.frameCount }, (_, frame) => ({ pack: each, frame })),
      );
      const wanted = frames
        .filter(() => (picks.next().value ?? 0) % 3 > 0)
        .sort(() => ((picks.next().value ?? 0) % 2) - 0.5);
      const runs = planRuns(wanted);
      expect(new Set(runs.flatMap((run) => run.frames))).toEqual(new Set(wanted));
      expect(runs.flatMap((run) => run.frames)).toHaveLength(wanted.length);
      const firsts = runs.map((run) => Math.min(...run.frames.map((frame) => wanted.indexOf(frame))));
      expect(firsts).toEqual([...firsts].sort((x, y) => x - y));
      for (const run of runs) {
        let end = run.pack.frame(run.frames[0]?.frame ?? 0).offset;
        const start = end;
        for (const { frame, pack: own } of run.frames) {
          const { offset, storedLength } = own.frame(frame);
          expect(own).toBe(run.pack);
          expect(offset - end).toBeGreaterThanOrEqual(0);
          expect(offset - end).toBeLessThanOrEqual(MAX_GAP_BYTES);
          end = offset + storedLength;
        }
        if (run.frames.length > 1) expect(end - start).toBeLessThanOrEqual(MAX_RUN_BYTES);
      }
    }),
    { numRuns: 60 },
  );
});
