import type { CalendarSpan } from "./duration.ts";
import { invalid } from "./invalid.ts";
import type { PeriodRule } from "./reasons.ts";

/** The calendar and clock of a time zone. */
export interface Calendar {
  /** The hour, day, ISO week, month or year in which a moment lies: `2026-11-20T02`, `2026-11-20`, `2026-W47`, `2026-11`, `2026`. */
  period(rule: PeriodRule, time: Date): string;
  /**
   * The moment that lies so far back, in milliseconds since 1970: first years and months, then days, by the calendar,
   * and last hours, as time goes by. A day that a month lacks is reckoned on into the next; a time of day that a change of clocks
   * leaves out lies an hour later or earlier.
   */
  before(time: Date, span: CalendarSpan): number;
}

/** Makes the calendar of a time zone. @throws INVALID where there is no such zone */
export function calendarOf(timeZone: string): Calendar {
  const format = formatOf(timeZone);

  const offsets = new Map<number, number>();

  /** How far local time is ahead of UTC, in milliseconds. */
  function offset(at: number): number {
    const known = offsets.get(at);
    if (known !== undefined) return known;
    const found = lookUp(Math.max(EARLIEST, Math.floor(at / 1000) * 1000));
    offsets.set(at, found);
    return found;
  }

  function lookUp(at: number): number {
    const fields = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };
    for (const { type, value } of format.formatToParts(at))
      if (type in fields) Object.assign(fields, { [type]: +value });
    return utc(fields.year, fields.month - 1, fields.day, fields.hour, fields.minute, fields.second) - at;
  }

  /** A date whose UTC fields are the local ones. */
  const local = (at: number) => new Date(at + offset(at));

  return {
    period: (rule, time) => PERIODS[rule](local(time.getTime())),
    before(time, { years, months, days, hours }) {
      const then = local(time.getTime());
      const wall =
        utc(then.getUTCFullYear() - years, then.getUTCMonth() - months, then.getUTCDate() - days) +
        (then.getTime() - startOfDay(then));
      if (Number.isNaN(wall)) return Number.NEGATIVE_INFINITY;
      // Near a change of clocks the first guess has the offset of the other side, the second is right.
      return wall - offset(wall - offset(wall)) - hours * HOUR_MS;
    },
  };
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Before time zones a place has one offset; and `Intl` takes the years before 1582 for Julian ones. */
const EARLIEST = Date.UTC(1800, 0, 1);

const pad = (value: number, length = 2) => String(value).padStart(length, "0");
const yearly = (date: Date) => pad(date.getUTCFullYear(), 4);
const monthly = (date: Date) => `${yearly(date)}-${pad(date.getUTCMonth() + 1)}`;
const daily = (date: Date) => `${monthly(date)}-${pad(date.getUTCDate())}`;

/** Labels of periods, of dates whose UTC fields are the local ones. */
const PERIODS: Readonly<Record<PeriodRule, (local: Date) => string>> = {
  hourly: (date) => `${daily(date)}T${pad(date.getUTCHours())}`,
  daily,
  weekly(date) {
    const thursday = new Date(startOfDay(date) + (4 - (date.getUTCDay() || 7)) * DAY_MS); // a week belongs to its Thursday's year
    const first = utc(thursday.getUTCFullYear(), 0, 1);
    return `${yearly(thursday)}-W${pad(1 + Math.floor((thursday.getTime() - first) / (7 * DAY_MS)))}`;
  },
  monthly,
  yearly,
};

function startOfDay(date: Date): number {
  return utc(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate());
}

/** As `Date.UTC`, which takes the years 0 to 99 for 1900 to 1999. */
function utc(year: number, month: number, day: number, hour = 0, minute = 0, second = 0): number {
  return new Date(0).setUTCFullYear(year, month, day) + hour * HOUR_MS + minute * 60_000 + second * 1000;
}

/** They cost a millisecond to make. */
const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone);
  if (known !== undefined) return known;
  const number = "numeric" as const;
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: number,
      month: number,
      day: number,
      hour: number,
      minute: number,
      second: number,
    });
    formats.set(timeZone, format);
    return format;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw invalid("timeZone", "the name of a time zone, such as Europe/Berlin or UTC", timeZone);
  }
}
