import { createObserver, type Violation } from "./observer.ts";
import { play } from "./play.ts";
import { type ActionKind, programsOf } from "./program.ts";
import { dice } from "./random.ts";
import { createServer } from "./server.ts";
import { holdStill } from "./still.ts";
import type { SimulationSubject } from "./subject.ts";
import type { RunRecord } from "./tree.ts";
import type { Stage } from "./troop.ts";
import { weatherOf } from "./weather.ts";
import { createWorld } from "./world.ts";

/** Options of {@link simulate}. */
export interface SimulateOptions {
  /** What is left out: actions by their names (`a.3`), troubles by theirs (`a.3!1`). */
  readonly without?: ReadonlySet<string> | undefined;
  /**
   * Whether it goes on until all has come to rest, and judges what is left then. Without, only what an observer sees
   * of the storage is judged, in half the time. Default: `true`.
   */
  readonly settle?: boolean | undefined;
  /** Told all that happens, a line at a time. */
  readonly trace?: ((line: string) => void) | undefined;
}

/** How a simulation went. */
export interface SimulationOutcome {
  readonly seed: number;
  /** What was broken; absent where all promises were kept. */
  readonly violation?: Violation;
  readonly actions: readonly string[];
  readonly troubles: readonly string[];
  readonly steps: number;
  readonly commits: number;
  readonly deletions: number;
}

/** Runs one seed: several hosts, one storage, everything that can go wrong; and judges it. */
export async function simulate(
  subject: SimulationSubject,
  seed: number,
  { without = new Set(), settle = true, trace }: SimulateOptions = {},
): Promise<SimulationOutcome> {
  await subject.prepare?.();
  using _still = holdStill(seed);
  const weather = weatherOf(seed, subject.climate);
  const world = createWorld(trace);
  const records = new Map<number, RunRecord>();
  const troubles: string[] = [];
  const server = createServer(world, dice(seed, "server"));
  const inspector = subject.inspect(server.objects);
  const observer = createObserver(inspector, records);
  server.changed = (key, bytes, by) => observer.changed(key, bytes, by);
  const stage: Stage = {
    seed,
    world,
    server,
    weather,
    subject,
    inspector,
    observer,
    records,
    without,
    struck: (name) => void troubles.push(name),
  };
  const programs = programsOf(seed, weather, abilitiesOf(subject));
  try {
    await play(stage, programs, settle);
  } catch (error) {
    observer.object("usable", error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
  const { violation, commits, deletions } = observer;
  if (violation !== undefined) world.note(() => `broken (${violation.promise}): ${violation.message}`);
  return {
    seed,
    ...(violation === undefined ? {} : { violation }),
    actions: programs
      .flatMap((program) => program.actions.map(({ name }) => name))
      .filter((name) => !without.has(name)),
    troubles,
    steps: world.steps,
    commits,
    deletions,
  };
}

function abilitiesOf(subject: SimulationSubject): Set<ActionKind> {
  return new Set<ActionKind>(["backup", "list", "delete", "verify", "restore", ...(subject.abilities ?? [])]);
}
