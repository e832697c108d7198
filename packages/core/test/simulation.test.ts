import { explainSeed, simulate, simulateSeeds } from "@lifeboat/testkit";
import { describe, expect, it } from "vitest";
import { archiveSubject } from "./simulation/archive-subject.ts";

// `npm run simulate -- --seeds 100000` runs many more; `-- --seed 17` shows what happens in one.

describe("several hosts on one site, in all kinds of weather", () => {
  it("never break a promise with the archive format", async () => {
    const { failure } = await simulateSeeds(archiveSubject, { seeds: 60 });
    if (failure !== undefined) expect.fail(await explainSeed(archiveSubject, failure.seed));
  }, 120_000);

  it("do the same again with the same seed", async () => {
    const told = async () => {
      const lines: string[] = [];
      await simulate(archiveSubject, 4, { trace: (line) => lines.push(line) });
      return lines;
    };
    const first = await told();
    expect(await told()).toEqual(first);
    expect(first.length).toBeGreaterThan(100);
  });
});
