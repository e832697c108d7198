/** Random choices that fall the same way for the same seed. */
export interface Dice {
  /** From 0 up to, without, 1. */
  share(): number;
  between(from: number, to: number): number;
  chance(probability: number): boolean;
}

/** Mulberry32. */
export function dice(seed: number): Dice {
  let state = seed >>> 0;
  function share(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  return { share, between: (from, to) => from + share() * (to - from), chance: (probability) => share() < probability };
}
