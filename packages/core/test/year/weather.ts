import type { Dice } from "./dice.ts";

export const MIN = 60_000;
export const HOUR = 60 * MIN;
export const DAY = 24 * HOUR;

/** A stretch of time, in milliseconds since 1970. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What happens to one process at a moment. */
export interface Mishap {
  readonly at: number;
  readonly process: number;
  readonly kind: "crash" | "restart";
  /** Until it is begun anew. */
  readonly awayMs: number;
}

/** Everything that goes wrong in a year, drawn before it begins. */
export interface Weather {
  /** The machine is off: all processes die, and begin anew. */
  readonly off: readonly Span[];
  /** The machine sleeps. */
  readonly asleep: readonly Span[];
  /** Nobody reaches the site. */
  readonly away: readonly Span[];
  /** The source fails. */
  readonly failing: readonly Span[];
  readonly mishaps: readonly Mishap[];
  /** When somebody makes a backup by hand. */
  readonly byHand: readonly number[];
  /** How many processes there are, month by month. */
  readonly processes: readonly number[];
}

/** How much goes wrong. */
export interface Climate {
  readonly days: number;
  /** The slots, so that some mishaps can aim at them. */
  readonly slots: readonly number[];
}

/** Draws what happens from a moment on. */
export function drawWeather(random: Dice, beginning: number, { days, slots }: Climate): Weather {
  const spans = (probability: number, shortest: number, longest: number): Span[] => {
    const found: Span[] = [];
    for (let day = 0; day < days; day++) {
      if (!random.chance(probability)) continue;
      const from = beginning + (day + random.share()) * DAY;
      found.push({ from, to: from + shortest * (longest / shortest) ** random.share() });
    }
    return found;
  };
  const mishaps: Mishap[] = [];
  const mishap = (at: number) =>
    mishaps.push({
      at,
      process: Math.floor(random.share() * 3),
      kind: random.chance(0.6) ? "crash" : "restart",
      awayMs: random.between(MIN, 30 * MIN),
    });
  for (let day = 0; day < days; day++) if (random.chance(0.2)) mishap(beginning + (day + random.share()) * DAY);
  // In the middle of a backup, all who might take over too.
  for (const slot of slots) while (random.chance(0.15)) mishap(slot + random.between(0, 3 * MIN));
  return {
    off: [...spans(0.12, HOUR, 20 * HOUR), ...spans(0.015, DAY, 6 * DAY)],
    asleep: spans(0.06, 10 * MIN, 8 * HOUR),
    away: spans(0.05, 20 * MIN, 60 * HOUR),
    failing: spans(0.05, 20 * MIN, 30 * HOUR),
    mishaps,
    byHand: Array.from({ length: days }, (_, day) => beginning + (day + random.share()) * DAY).filter(() =>
      random.chance(0.03),
    ),
    processes: Array.from({ length: 13 }, () => 1 + Math.floor(random.share() * 3)),
  };
}

/** Whether a moment lies in one of these. */
export function isIn(spans: readonly Span[], at: number): boolean {
  return spans.some(({ from, to }) => from <= at && at < to);
}

/** The parts of a stretch that lie in none of these. */
export function without(span: Span, spans: readonly Span[]): Span[] {
  let left: Span[] = [span];
  for (const { from, to } of spans) {
    left = left.flatMap((each) => {
      if (to <= each.from || each.to <= from) return [each];
      return [
        { from: each.from, to: from },
        { from: to, to: each.to },
      ].filter((part) => part.from < part.to);
    });
  }
  return left.sort((a, b) => a.from - b.from);
}
