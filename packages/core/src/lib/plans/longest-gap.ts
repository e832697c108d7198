import type { Schedule } from "./schedule.ts";

const DAY_MS = 86_400_000;
/** So many slots in a row are looked at, or as many as nine years have: 29 February may be eight years off. */
const SLOTS = 400;
const YEARS_MS = 9 * 366 * DAY_MS;
/** Of a schedule with many slots a day, the longest pause may be a weekend: it is looked for around so many midnights. */
const NIGHTS = 60;

const known = new WeakMap<Schedule, number>();

/** The longest time between two slots of a schedule in the time to come, in milliseconds. Takes some 50 ms, once. */
export function longestGap(schedule: Schedule, now: number): number {
  const found = known.get(schedule) ?? Math.max(betweenSlots(schedule, now), aroundNights(schedule, now));
  known.set(schedule, found);
  return found;
}

function betweenSlots(schedule: Schedule, now: number): number {
  let longest = 0;
  let at = schedule.next(null, now);
  for (let n = 0; n < SLOTS && at < now + YEARS_MS; n++) {
    const next = schedule.next({ due: at, started: at }, at);
    longest = Math.max(longest, next - at);
    at = next;
  }
  return longest;
}

function aroundNights(schedule: Schedule, now: number): number {
  let longest = 0;
  for (let n = 0; n < NIGHTS; n++) {
    const night = now + n * DAY_MS;
    const before = schedule.missed(null, night);
    if (before !== null) longest = Math.max(longest, schedule.next(null, night) - before);
  }
  return longest;
}
