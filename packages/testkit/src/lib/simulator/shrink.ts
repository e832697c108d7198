import { type SimulationOutcome, simulate } from "./simulate.ts";
import type { SimulationSubject } from "./subject.ts";

/** A failing seed, with as little in it as it still fails with. */
export interface Shrunk {
  readonly outcome: SimulationOutcome;
  readonly without: ReadonlySet<string>;
}

/** Leaves out of a failing seed one action, then one trouble after the other, as long as some promise is still broken. */
export async function shrink(subject: SimulationSubject, seed: number, attempts = 300): Promise<Shrunk> {
  let without: ReadonlySet<string> = new Set();
  let outcome = await simulate(subject, seed);
  let left = attempts;
  const promise = outcome.violation?.promise;
  for (let before = -1; promise !== undefined && without.size > before && left > 0; ) {
    before = without.size;
    for (const name of [...outcome.actions, ...outcome.troubles].reverse()) {
      if (without.has(name) || left-- <= 0) continue;
      const fewer = new Set([...without, name]);
      const attempt = await simulate(subject, seed, { without: fewer });
      if (attempt.violation?.promise !== promise) continue;
      [without, outcome] = [fewer, attempt];
    }
  }
  return { outcome, without };
}
