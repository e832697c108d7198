import { invalid } from "./invalid.ts";

/** A span of the calendar. */
export interface CalendarSpan {
  readonly years: number;
  readonly months: number;
  readonly days: number;
  readonly hours: number;
  /** As it was written, without what is 0: `1y2m3w`. Empty where all of it is 0. */
  readonly text: string;
}

const UNITS = ["y", "m", "w", "d", "h"] as const;
const EXPECTED = 'a duration in years, months, weeks, days and hours, such as "1y2m", "3w" or "36h"';
const HINT = "In retention m are months, as in restic; there are neither minutes nor seconds.";

/** Reads `1y2m3w4d5h`: each unit once at most, in any order. `option` is named in the error. @throws INVALID */
export function parseSpan(written: unknown, option: string): CalendarSpan {
  if (typeof written !== "string") throw invalid(option, EXPECTED, written, HINT);
  const found = new Map<string, number>();
  let rest = written.trim();
  if (rest === "") throw invalid(option, EXPECTED, written, HINT);
  while (rest !== "") {
    const match = /^(\d{1,6})([ymwdh])/.exec(rest);
    const [all, digits, unit] = match ?? [];
    if (all === undefined || unit === undefined || found.has(unit)) throw invalid(option, EXPECTED, written, HINT);
    found.set(unit, Number(digits));
    rest = rest.slice(all.length);
  }
  const amount = (unit: (typeof UNITS)[number]) => found.get(unit) ?? 0;
  return {
    years: amount("y"),
    months: amount("m"),
    days: 7 * amount("w") + amount("d"),
    hours: amount("h"),
    text: UNITS.filter((unit) => amount(unit) > 0)
      .map((unit) => `${amount(unit)}${unit}`)
      .join(""),
  };
}
