import type { Dice } from "./random.ts";
import type { Aim, Operation, Weather } from "./weather.ts";

/** What becomes of a call; times in milliseconds. */
export interface Fate {
  /** How long the host sleeps before the call goes out. */
  readonly sleepBefore: number;
  /** Until it reaches the storage. */
  readonly there: number;
  /** From there until the answer is back. */
  readonly back: number;
  /** How long the host sleeps once the call is out. */
  readonly sleepAfter: number;
  /** `refused`: no effect, an error. `lost`: effect, an error. `late`: an error, and the effect after `again`. */
  readonly outcome: "fine" | "refused" | "lost" | "late";
  /** After how long it takes effect, or takes it once more; 0 where it does not. */
  readonly again: number;
  /** The host dies with this call under way. */
  readonly crash: boolean;
  /** What is out of the ordinary, for a trace. */
  readonly words: string;
}

/** A call, as far as its fate depends on it. */
export interface Called {
  readonly operation: Operation;
  readonly key: string;
}

/** The fate of a call that nothing goes wrong with. */
export function quiet(random: Dice, { latency }: Weather): Fate {
  const there = random.span(1, latency);
  const back = random.span(1, latency);
  return { sleepBefore: 0, there, back, sleepAfter: 0, outcome: "fine", again: 0, crash: false, words: "" };
}

/** Draws the fate of a call. */
export function drawFate(random: Dice, weather: Weather, call: Called): Fate {
  const aimed = weather.aims.find((aim) => isAimedAt(aim, call) && random.chance(aim.probability))?.trouble;
  const strikes = (trouble: Aim["trouble"], probability: number) => aimed === trouble || random.chance(probability);
  const writes = call.operation === "put" || call.operation === "delete";
  const fate = quiet(random, weather);
  const delay = () => random.span(1000, weather.longest);
  if (strikes("crash", weather.crash)) {
    // What is under way when its process dies arrives at once, later, or never.
    const again = random.pick([0, fate.there, fate.there, delay()]) ?? 0;
    return { ...fate, crash: true, again, words: "crash" };
  }
  const [before, after] = [strikes("sleep", weather.sleep / 2), strikes("sleep-after", weather.sleep / 2)];
  if (before) return { ...fate, sleepBefore: delay(), words: "sleeps first" };
  if (after) return { ...fate, sleepAfter: delay(), words: "sleeps meanwhile" };
  if (strikes("slow", weather.slow)) return { ...fate, ...slowly(random), words: "slow" };
  if (random.chance(weather.refused)) return { ...fate, outcome: "refused", words: "refused" };
  if (strikes("lost", weather.lost)) return { ...fate, outcome: "lost", words: "unanswered" };
  if (!writes) return fate;
  if (strikes("late", weather.late)) return { ...fate, outcome: "late", again: delay(), words: "late" };
  if (strikes("twice", weather.twice))
    return { ...fate, again: delay(), outcome: random.chance(0.5) ? "fine" : "lost", words: "twice" };
  return fate;
}

/** Slow calls are answered all the same: their host waits, and goes on renewing its lease. */
function slowly(random: Dice): { readonly there: number; readonly back: number } {
  const [there, back] = [random.span(100, 300_000), random.span(100, 300_000)];
  return random.chance(0.5) ? { there, back: 1 } : { there: 1, back };
}

function isAimedAt({ operation, part }: Aim, call: Called): boolean {
  return call.operation === operation && (call.key.startsWith(part) || call.key.endsWith(part));
}
