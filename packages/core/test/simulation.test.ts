import { explainSeed, type SimulationSubject, simulate, simulateSeeds } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { archiveSubject } from "./simulation/archive-subject.ts";
import { dedupSubject } from "./simulation/dedup-subject.ts";

// `npm run simulate -- --format dedup --seeds 100000` runs many more; `-- --seed 17` shows what happens in one.

async function expectKept(subject: SimulationSubject, seeds: number): Promise<void> {
  const { failure } = await simulateSeeds(subject, { seeds });
  if (failure !== undefined) expect.fail(`${failure.violation?.message}\n${await explainSeed(subject, failure.seed)}`);
}

describe("several hosts on one site, in all kinds of weather", () => {
  it("never break a promise with the archive format", () => expectKept(archiveSubject, 40), 600_000);

  it("never break a promise with the dedup format", () => expectKept(dedupSubject, 80), 600_000);

  it("do the same again with the same seed", async () => {
    const told = async () => {
      const lines: string[] = [];
      await simulate(dedupSubject, 4, { trace: (line) => lines.push(line) });
      return lines;
    };
    const first = await told();
    expect(await told()).toEqual(first);
    expect(first.length).toBeGreaterThan(100);
  });
});

describe("what the simulation has found", () => {
  it.each([
    [1035, "a manifest without an answer arrives after its run removed the parts, unfenced"],
    [203, "a part that comes late stops every prune"],
    [403, "a slow sweep removes the parts of a run that has ended well meanwhile"],
  ])("stays mended: seed %i, %s", async (seed) => {
    expect((await simulate(dedupSubject, seed)).violation).toBeUndefined();
  });
});
