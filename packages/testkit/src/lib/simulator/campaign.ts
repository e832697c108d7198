import { shrink } from "./shrink.ts";
import { type SimulationOutcome, simulate } from "./simulate.ts";
import type { SimulationSubject } from "./subject.ts";

/** Options of {@link simulateSeeds}. */
export interface CampaignOptions {
  /** The first seed. Default: 0. */
  readonly from?: number | undefined;
  readonly seeds: number;
  /** Only each so-manieth seed, so that several processes can share them. Default: 1. */
  readonly step?: number | undefined;
  /** Asked before each seed whether that is enough. */
  readonly until?: (() => boolean) | undefined;
  readonly onSeed?: ((outcome: SimulationOutcome) => void) | undefined;
}

/** What many seeds came to. */
export interface CampaignReport {
  readonly seeds: number;
  readonly steps: number;
  readonly commits: number;
  readonly deletions: number;
  /** The first seed that broke a promise. */
  readonly failure?: SimulationOutcome;
}

/** Runs one seed after the other, until one breaks a promise. */
export async function simulateSeeds(
  subject: SimulationSubject,
  { from = 0, seeds, step = 1, until, onSeed }: CampaignOptions,
): Promise<CampaignReport> {
  const sums = { seeds: 0, steps: 0, commits: 0, deletions: 0 };
  for (let seed = from; seed < from + seeds; seed += step) {
    if (until?.() === true) return sums;
    const outcome = await simulate(subject, seed);
    sums.seeds += 1;
    for (const key of ["steps", "commits", "deletions"] as const) sums[key] += outcome[key];
    onSeed?.(outcome);
    if (outcome.violation !== undefined) return { ...sums, failure: outcome };
  }
  return sums;
}

/** All that is worth reading of a seed that broke a promise: as small as it gets, with its trace. */
export async function explainSeed(subject: SimulationSubject, seed: number): Promise<string> {
  const { outcome, without } = await shrink(subject, seed);
  const lines: string[] = [];
  await simulate(subject, seed, { without, trace: (line) => lines.push(line) });
  const { violation } = outcome;
  const words = violation === undefined ? "kept every promise" : `broke "${violation.promise}": ${violation.message}`;
  return [`${subject.name}, seed ${seed}: ${words}`, ...lines, `left out: ${[...without].join(" ") || "nothing"}`].join(
    "\n",
  );
}
