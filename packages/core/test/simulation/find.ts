import { type SimulationOutcome, type SimulationSubject, simulate } from "@lifeboat/testkit";

/** The first seed in which data is lost, whatever else goes wrong before; `null` where there is none. */
export async function findLoss(
  subject: SimulationSubject,
  from: number,
  seeds: number,
): Promise<SimulationOutcome | null> {
  for (let seed = from; seed < from + seeds; seed++) {
    const outcome = await simulate(subject, seed);
    if (outcome.violation?.promise === "whole") return outcome;
  }
  return null;
}
