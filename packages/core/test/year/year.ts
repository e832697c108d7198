import { archive } from "@lifeboat/archive";
import type { Source } from "@lifeboat/contracts";
import { unencrypted } from "@lifeboat/crypto";
import type { RetentionPolicy } from "@lifeboat/retention";
import { memoryStorage } from "@lifeboat/storage-memory";
import { virtualTime } from "@lifeboat/testkit";
import { createBackupEngine } from "../../src/index.ts";
import { dice } from "./dice.ts";
import { type Judgement, judge, type Truth } from "./judge.ts";
import { createProcess, type Process } from "./machine.ts";
import { slotsByTheWall } from "./slots.ts";
import { watch } from "./watch.ts";
import { DAY, drawWeather, isIn, MIN, type Span, type Weather, without } from "./weather.ts";

/** How long, and which, a year is to be. */
export interface YearOptions {
  readonly seed: number;
  readonly beginning: Date;
  readonly days: number;
  readonly timeZone: string;
}

/** What a year came to. */
export interface Year extends Judgement {
  readonly timeZone: string;
  readonly made: number;
  readonly left: number;
  readonly prunes: number;
  readonly crashes: number;
  readonly steps: number;
}

const POLICY: RetentionPolicy = { keepDaily: 7, keepWeekly: 4, keepMonthly: 6 };
/** On the night the clock goes forward it does not exist, on the night it goes back it comes twice. */
const TIME = "02:30";
/** How far the clock of each process is off: who is slow comes when the others are done. */
const SKEWS = [0, 90_000, -100_000];
/** Nothing goes wrong any more at the end, so that what is left over can be told from what is only late. */
const CALM_MS = 2 * DAY;

/** Lets a nightly plan live through a year, and judges it. */
export async function liveAYear({ seed, beginning, days, timeZone }: YearOptions): Promise<Year> {
  await warmUp();
  const [begin, end] = [beginning.getTime(), beginning.getTime() + days * DAY];
  // The machine is put up on the first day, after its night.
  const slots = slotsByTheWall(begin - DAY, end, { timeZone, time: TIME });
  const random = dice(seed);
  const weather = calmedBefore(end - CALM_MS, drawWeather(random, begin, { days, slots }));
  using time = virtualTime({ seed, beginning, maxSteps: 100_000_000 });
  const site = time.site();
  const seen = watch(site, () => time.now, { policy: POLICY, timeZone });
  const source = { takesMs: () => random.between(5000, 4 * MIN), isFailing: () => isIn(weather.failing, time.now) };
  const plan = { site: "site", schedule: "30 2 * * *", retention: POLICY, retry: { longest: "1h" } } as const;
  const processes = SKEWS.map((skewMs, n) =>
    createProcess(time, `process ${n}`, { site, plan, timeZone, source, skewMs }),
  );
  const truth = scene(time, {
    weather,
    processes,
    begin,
    end,
    setAway: (away) => {
      site.away = away;
    },
  });
  await time.until(end);
  const { wrong, days: judged } = judge(slots, end, seen, truth());
  const leftOver = [...site.objects.keys()].filter((key) => key.startsWith("locks/") || isPartial(key, site.objects));
  return {
    timeZone,
    days: judged,
    wrong: [...wrong, ...seen.wrong, ...leftOver.map((key) => `${key} is left over`)],
    made: seen.made.length,
    left: seen.there.size,
    prunes: seen.prunes,
    crashes: weather.mishaps.filter(({ kind }) => kind === "crash").length,
    steps: time.steps,
  };
}

/** Loads what is loaded when first it is needed: in virtual time nothing waits for that. */
async function warmUp(): Promise<void> {
  const site = { storage: memoryStorage(), format: archive({ compression: "gzip" }), key: unencrypted() };
  const source: Source = { id: "empty", mayBeEmpty: true, async *entries() {}, async restore() {} };
  await using engine = createBackupEngine({
    app: { name: "nvr", version: "1" },
    sources: [source],
    sites: { site },
    threads: 0,
  });
  await engine.backup({ site: "site" });
}

interface Scene {
  readonly weather: Weather;
  readonly processes: readonly Process[];
  readonly begin: number;
  readonly end: number;
  readonly setAway: (away: boolean) => void;
}

/** Lets everything happen that the weather says; the answer tells, in the end, how it really was. */
function scene(time: ReturnType<typeof virtualTime>, { weather, processes, begin, end, setAway }: Scene): () => Truth {
  const down: Span[] = [];
  let since: number | null = begin;

  function note(): void {
    const isUp = processes.some(({ isAlive }) => isAlive);
    if (!isUp) since ??= time.now;
    else if (since !== null) {
      down.push({ from: since, to: time.now });
      since = null;
    }
  }

  const isOn = () => !isIn(weather.off, time.now);
  const wanted = () => processes.slice(0, weather.processes[new Date(time.now).getUTCMonth()] ?? 1);
  function startAll(): void {
    if (isOn()) for (const each of wanted()) each.start();
    note();
  }
  async function end_(process: Process): Promise<void> {
    await process.end();
    note();
  }

  time.at(begin, startAll);
  for (let at = begin + DAY; at < end; at += DAY) {
    time.at(at, () => {
      for (const each of processes.filter((process) => !wanted().includes(process))) void end_(each);
      startAll();
    });
  }
  for (const { from, to } of weather.off) {
    time.at(from, () => {
      for (const each of processes) each.crash();
      note();
    });
    time.at(to, startAll);
  }
  for (const { from, to } of weather.asleep)
    time.at(from, () => {
      for (const each of processes) each.sleep(to - from);
    });
  for (const { from, to } of weather.away)
    for (const at of [from, to]) time.at(at, () => setAway(isIn(weather.away, time.now)));
  for (const { at, process, kind, awayMs } of weather.mishaps) {
    time.at(at, () => {
      const struck = processes[process];
      if (struck === undefined) return;
      if (kind === "crash") struck.crash();
      else void end_(struck);
      note();
    });
    time.at(at + awayMs, startAll);
  }
  for (const at of weather.byHand) time.at(at, () => processes.find(({ isAlive }) => isAlive)?.backUp());
  const { off, asleep, away, failing } = weather;
  return () => {
    const all = since === null ? down : [...down, { from: since, to: end }];
    const unexplained = all.flatMap((span) => without(span, off));
    return { off: [{ from: begin - DAY, to: begin }, ...off], asleep, away, failing, down: unexplained };
  };
}

function calmedBefore(calm: number, weather: Weather): Weather {
  const cut = (spans: readonly Span[]) =>
    spans.filter(({ from }) => from < calm).map(({ from, to }) => ({ from, to: Math.min(to, calm) }));
  const { off, asleep, away, failing, mishaps, byHand } = weather;
  return {
    ...weather,
    off: cut(off),
    asleep: cut(asleep),
    away: cut(away),
    failing: cut(failing),
    mishaps: mishaps.filter(({ at }) => at < calm),
    byHand: byHand.filter((at) => at < calm),
  };
}

function isPartial(key: string, objects: ReadonlyMap<string, unknown>): boolean {
  const [folder, id] = key.split("/");
  return folder === "backups" && !objects.has(`backups/${id}/manifest.json`);
}
