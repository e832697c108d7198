import type { RetentionPolicy } from "../../../src/index.ts";
import type { Random } from "../sharing/random.ts";
import type { Snapshot } from "./restic.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How a history goes: so long after each other, give or take. */
const RHYTHMS: readonly (readonly [pause: number, jitter: number])[] = [
  [10 * MINUTE, 20 * MINUTE],
  [HOUR, 0],
  [6 * HOUR, 12 * HOUR],
  [DAY, 0],
  [DAY, HOUR],
  [2 * DAY, 10 * DAY],
  [7 * DAY, 0],
  [30 * DAY, 40 * DAY],
  [200 * DAY, 300 * DAY],
];

/** A random history: nightly, hourly, now and then, with gaps, often around New Year or a change of clocks. */
export function randomHistory(host: string, random: Random): Snapshot[] {
  const count = 1 + random.below(40);
  const times = new Set<number>();
  let time = startOf(random);
  let rhythm = rhythmOf(random);
  while (times.size < count && time < Date.UTC(2026, 5, 1)) {
    times.add(time);
    if (random.chance(0.08)) rhythm = rhythmOf(random);
    time += rhythm[0] + Math.floor(random.next() * rhythm[1]) + 1;
    if (random.chance(0.5))
      time = Math.floor(time / MINUTE) * MINUTE + (times.has(Math.floor(time / MINUTE) * MINUTE) ? 1 : 0);
  }
  return [...times].map((at) => ({ host, time: new Date(at) }));
}

function rhythmOf(random: Random): readonly [number, number] {
  return RHYTHMS[random.below(RHYTHMS.length)] ?? [DAY, 0];
}

function startOf(random: Random): number {
  const year = 2000 + random.below(26);
  const days = random.below(10);
  if (random.chance(0.3)) return Date.UTC(year, 2, 8 + 2 * days, random.below(24)); // clocks go forward on one side, and back on the other
  if (random.chance(0.3)) return Date.UTC(year, 9, 22 + 2 * days, random.below(24));
  if (random.chance(0.5)) return Date.UTC(year, 11, 24 + days, random.below(24));
  return Date.UTC(year, 0, 1) + random.below(365 * 24 * 60) * MINUTE;
}

const COUNTS = ["keepLast", "keepHourly", "keepDaily", "keepWeekly", "keepMonthly", "keepYearly"] as const;
const WITHINS = [
  "keepWithin",
  "keepWithinHourly",
  "keepWithinDaily",
  "keepWithinWeekly",
  "keepWithinMonthly",
  "keepWithinYearly",
] as const;

/** A random policy of one to four rules that restic knows too. */
export function randomPolicy(random: Random): RetentionPolicy {
  const policy: Record<string, number | string> = {};
  for (let rules = 1 + random.below(4); rules > 0; rules--) {
    if (random.chance(0.6)) {
      const count = random.chance(0.1) ? "unlimited" : 1 + random.below(random.chance(0.5) ? 4 : 30);
      policy[COUNTS[random.below(COUNTS.length)] ?? "keepLast"] = count;
    } else policy[WITHINS[random.below(WITHINS.length)] ?? "keepWithin"] = randomSpan(random);
  }
  return policy;
}

function randomSpan(random: Random): string {
  const parts = [
    random.chance(0.3) ? `${1 + random.below(6)}y` : "",
    random.chance(0.4) ? `${1 + random.below(15)}m` : "",
    random.chance(0.5) ? `${1 + random.below(40)}d` : "",
    random.chance(0.4) ? `${1 + random.below(60)}h` : "",
  ].join("");
  return parts === "" ? `${1 + random.below(14)}d` : parts;
}
