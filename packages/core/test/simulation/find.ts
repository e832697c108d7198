import { type SimulationOutcome, type SimulationSubject, simulate, type Violation } from "@lifeboat/testkit";

/** The promises about data; the others are broken by much that is left out, too. */
export const DATA: readonly Violation["promise"][] = ["whole", "kept", "restorable"];

/** What seeds showed of a subject that lacks something. */
export interface Found {
  readonly seeds: number;
  /** How many seeds broke which promise. */
  readonly broken: Readonly<Partial<Record<Violation["promise"], number>>>;
  /** The first that broke one of those looked for. */
  readonly first?: SimulationOutcome;
}

/** Runs seeds until one breaks one of these promises. */
export async function findBroken(
  subject: SimulationSubject,
  promises: readonly Violation["promise"][],
  {
    from,
    seeds,
    step = 1,
    settle = true,
    until = () => false,
  }: { from: number; seeds: number; step?: number; settle?: boolean; until?: () => boolean },
): Promise<Found> {
  const broken: Partial<Record<Violation["promise"], number>> = {};
  let count = 0;
  for (let seed = from; seed < from + seeds && !until(); seed += step) {
    const outcome = await simulate(subject, seed, { settle });
    count += 1;
    const promise = outcome.violation?.promise;
    if (promise === undefined) continue;
    broken[promise] = (broken[promise] ?? 0) + 1;
    if (promises.includes(promise)) return { seeds: count, broken, first: outcome };
  }
  return { seeds: count, broken };
}
