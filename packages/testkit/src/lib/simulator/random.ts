import { randomNumbers } from "../faults/random.ts";

/** Random choices by seed. */
export interface Dice {
  /** A whole number from 0 up to, without, `n`. */
  below(n: number): number;
  /** Whether something happens that has this probability. */
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T | undefined;
  /** Between the two, each order of magnitude as likely as any other. */
  span(from: number, to: number): number;
}

/** Dice that fall the same way every time. Each purpose has its own, so that leaving one thing out changes nothing else. */
export function dice(seed: number, purpose: string): Dice {
  let hash = 0x811c9dc5 ^ seed;
  for (const letter of `${seed}/${purpose}`) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193);
  const below = randomNumbers(hash ^ (hash >>> 15));
  return {
    below,
    chance: (probability) => probability > 0 && below(1_000_000) < probability * 1_000_000,
    pick: (items) => items[below(items.length)],
    span: (from, to) => Math.round(from * (to / from) ** (below(1_000_001) / 1_000_000)),
  };
}
