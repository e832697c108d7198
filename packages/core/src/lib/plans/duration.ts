import { LifeboatError } from "@lifeboat/contracts";

const UNITS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;
/** A thousand years: more is a slip of the pen. */
const MOST_MS = 1000 * 366 * UNITS.d;

/**
 * Milliseconds of a duration as hosts write it: `"90s"`, `"15m"`, `"12h"`, `"3d"`, `"2w"`. A day has 24 hours here.
 *
 * @param name the option, for the message
 * @throws INVALID for anything else, and for nothing or less
 */
export function parseDuration(text: unknown, name: string): number {
  const match = typeof text === "string" ? /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) : null;
  const ms = match === null ? 0 : Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
  if (ms >= 1 && ms <= MOST_MS) return ms;
  throw new LifeboatError({
    code: "INVALID",
    operation: "options",
    key: name,
    message: `Expected ${name} to be a duration such as "90s", "15m", "12h", "3d" or "2w", found ${JSON.stringify(text)}.`,
  });
}

/** A duration in words: `90 s`, `15 min`, `12 h`, `3 days`. */
export function durationInWords(ms: number): string {
  const [value, unit] =
    ms < 2 * UNITS.m
      ? [ms / UNITS.s, "s"]
      : ms < 2 * UNITS.h
        ? [ms / UNITS.m, "min"]
        : ms < 2 * UNITS.d
          ? [ms / UNITS.h, "h"]
          : [ms / UNITS.d, "days"];
  return `${Math.round(value * 10) / 10} ${unit}`;
}
