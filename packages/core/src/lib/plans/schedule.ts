import { LifeboatError } from "@lifeboat/contracts";
import { durationInWords, parseDuration } from "./duration.ts";
import { createGrid, type Grid } from "./grid.ts";
import type { ScheduleOption } from "./plan-options.ts";

/** A run that a schedule reckons from, in milliseconds since 1970. */
export interface PastRun {
  /** The slot it was for. */
  readonly due?: number | undefined;
  readonly started: number;
}

/** When something happens by itself. A slot is a time of it; all times are in milliseconds since 1970. */
export interface Schedule {
  /** In words. */
  readonly text: string;
  /** How much later than its slots things may happen. */
  readonly jitterMs: number;
  /** The latest slot up to `now` that this run does not cover, or `null`. Without a run, the latest slot. */
  missed(last: PastRun | null, now: number): number | null;
  /** The first slot after `now` that this run does not cover. */
  next(last: PastRun | null, now: number): number;
}

const DAY_MS = 86_400_000;
/** A run that began so late, as a share of the interval, was late: the next one comes an interval after it, not after its slot. */
const LATE_SHARE = 0.1;

/**
 * Reads a schedule.
 *
 * @param name the option, for messages
 * @throws INVALID
 */
export function parseSchedule(option: ScheduleOption, zone: string, name: string): Schedule {
  if (typeof option === "string") return parseSchedule({ cron: option }, zone, name);
  const { timeZone = zone } = option;
  const jitterMs = option.jitter === undefined ? 0 : parseDuration(option.jitter, `${name}.jitter`);
  const schedule = "cron" in option ? onGrid(cronGrid(option.cron, timeZone, name)) : every(option, timeZone, name);
  const jitter = jitterMs === 0 ? "" : `, up to ${durationInWords(jitterMs)} later`;
  return { ...schedule, jitterMs, text: `${schedule.text}${jitter}` };
}

type Slots = Omit<Schedule, "jitterMs">;

function cronGrid(cron: string, timeZone: string, name: string): Grid {
  return createGrid([cron], timeZone, { name, text: `${cron} (${timeZone})` });
}

function every(
  { every: text, at }: { readonly every: string; readonly at?: string | undefined },
  timeZone: string,
  name: string,
): Slots {
  const ms = parseDuration(text, `${name}.every`);
  if (at === undefined) return afterTheLast(ms, `every ${text}`);
  const [hour, minute] = timeOfDay(at, name);
  const grid = (patterns: readonly string[]) =>
    createGrid(patterns, timeZone, { name, text: `every ${text} at ${at} (${timeZone})` });
  if (ms % DAY_MS === 0) return onGrid(grid([`${minute} ${hour} * * *`]), ms / DAY_MS);
  if (DAY_MS % ms === 0 && ms % 60_000 === 0) return onGrid(grid(timesOfDay(hour * 60 + minute, ms / 60_000)));
  throw new LifeboatError({
    code: "INVALID",
    operation: "options",
    key: `${name}.every`,
    message: `Expected ${name}.every, with a time of day, to be whole days or whole minutes that divide a day, found ${JSON.stringify(text)}.`,
    hint: 'Take "12h" or "48h", say, or leave `at` out.',
  });
}

/** Slots so long apart, from the last run on. */
function afterTheLast(ms: number, text: string): Slots {
  const baseOf = ({ due, started }: PastRun) =>
    due !== undefined && started >= due && started - due < ms * LATE_SHARE ? due : started;
  return {
    text,
    missed(last, now) {
      if (last === null) return now;
      const passed = Math.floor((now - baseOf(last)) / ms);
      return passed < 1 ? null : baseOf(last) + passed * ms;
    },
    next(last, now) {
      const base = last === null ? now : baseOf(last);
      return base + Math.max(1, Math.floor((now - base) / ms) + 1) * ms;
    },
  };
}

/** Slots at certain times; with `days`, at least so many calendar days apart. */
function onGrid(grid: Grid, days = 0): Slots {
  /** The last slot that a run covers: the one it was for, or the latest one before it began. */
  const covered = ({ due, started }: PastRun) =>
    Math.max(due ?? Number.NEGATIVE_INFINITY, grid.latest(started) ?? started);
  const isFar = (from: number, to: number) => to > from && grid.days(from, to) >= days;
  return {
    text: grid.text,
    missed(last, now) {
      const slot = grid.latest(now);
      if (slot === null || last === null) return slot;
      return isFar(covered(last), slot) ? slot : null;
    },
    next(last, now) {
      if (last === null) return grid.next(now);
      const from = covered(last);
      let slot = grid.next(Math.max(now, from));
      while (!isFar(from, slot)) slot = grid.next(slot);
      return slot;
    },
  };
}

/** Cron expressions for every so many minutes of a day, from a time of day on. */
function timesOfDay(from: number, step: number): string[] {
  const minutes = new Map<number, number[]>();
  for (let at = from % step; at < 24 * 60; at += step) {
    const hours = minutes.get(at % 60) ?? [];
    hours.push(Math.floor(at / 60));
    minutes.set(at % 60, hours);
  }
  const patterns = new Map<string, number[]>();
  for (const [minute, hours] of minutes) {
    const text = hours.join(",");
    patterns.set(text, [...(patterns.get(text) ?? []), minute]);
  }
  return [...patterns].map(([hours, at]) => `${at.join(",")} ${hours} * * *`);
}

function timeOfDay(at: string, name: string): [number, number] {
  const match = typeof at === "string" ? /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(at) : null;
  if (match !== null) return [Number(match[1]), Number(match[2])];
  throw new LifeboatError({
    code: "INVALID",
    operation: "options",
    key: `${name}.at`,
    message: `Expected ${name}.at to be a time of day such as "02:00", found ${JSON.stringify(at)}.`,
  });
}
