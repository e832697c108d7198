import { LifeboatError } from "@lifeboat/contracts";
import { Cron } from "croner";

/** Times that come again and again by the clock on the wall of one time zone. */
export interface Grid {
  readonly text: string;
  /** The first time after `time`. */
  next(time: number): number;
  /** The last time up to `time`; `null` where there never was one. */
  latest(time: number): number | null;
  /** How many calendar days lie between two times, in the time zone. */
  days(from: number, to: number): number;
}

const DAY_MS = 86_400_000;

/**
 * The times of one or several cron expressions together. On days when the clock is put forward, a time that does not
 * exist comes at the first one that does; when it is put back, a time that comes twice counts once. Expressions with
 * `*` or a step in their hours or minutes go by the hour instead: they leave out what does not exist, and take both.
 *
 * @throws INVALID where one is no cron expression, never comes, or the time zone is none
 */
export function createGrid(
  patterns: readonly string[],
  timeZone: string,
  { name, text }: { readonly name: string; readonly text: string },
): Grid {
  assertTimeZone(timeZone, name);
  const crons = patterns.map((pattern) => cronOf(pattern, timeZone, name));
  const dayOf = dayCounter(timeZone);

  function next(time: number): number {
    const found = crons.flatMap((cron) => cron.nextRun(new Date(time))?.getTime() ?? []);
    return found.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...found);
  }

  if (next(0) === Number.POSITIVE_INFINITY)
    throw invalid(name, `Expected ${name} to come at some time, found ${text}.`);
  return {
    text,
    next,
    latest(time) {
      // What lies before the reference counts, up to its second.
      const found = crons.flatMap((cron) => cron.previousRuns(1, new Date(time + 1)).map((run) => run.getTime()));
      return found.length === 0 ? null : Math.max(...found);
    },
    days: (from, to) => dayOf(to) - dayOf(from),
  };
}

/** @throws INVALID where it is no IANA name of a time zone */
export function assertTimeZone(timeZone: unknown, name: string): asserts timeZone is string {
  try {
    if (typeof timeZone === "string" && timeZone !== "") {
      new Intl.DateTimeFormat("en", { timeZone });
      return;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  const message = `Expected ${name} to be in a time zone such as "Europe/Berlin", found ${JSON.stringify(timeZone)}.`;
  throw invalid(name, message);
}

function cronOf(pattern: string, timezone: string, name: string): Cron {
  const expected = `Expected ${name} to be a cron expression such as "0 2 * * *", found ${JSON.stringify(pattern)}`;
  let cron: Cron;
  try {
    cron = new Cron(pattern, { timezone, mode: "5-or-6-parts", fixedTimeRule: "no-wildcard", paused: true });
  } catch (cause) {
    throw invalid(name, `${expected}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (cron.getPattern() === undefined) throw invalid(name, `${expected}.`); // a single date is read, too
  return cron;
}

/** Counts calendar days. */
function dayCounter(timeZone: string): (time: number) => number {
  const format = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (time) => Math.round(Date.parse(`${format.format(time)}T00:00:00Z`) / DAY_MS);
}

function invalid(key: string, message: string, cause?: unknown): LifeboatError {
  return new LifeboatError({ code: "INVALID", operation: "options", key, message, cause });
}
