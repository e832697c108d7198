import type { ActionKind, Program } from "./program.ts";
import { dice } from "./random.ts";
import { changingTree, contentPool, difference, type RunRecord } from "./tree.ts";
import { Crew, type Stage } from "./troop.ts";
import { CLEAR, type Weather } from "./weather.ts";
import type { World } from "./world.ts";

const DAY = 86_400_000;

/** Everything that happens in a simulation: a site is made, there is trouble, and, where it is to settle, all comes to rest. */
export async function play(stage: Stage, programs: readonly Program[], settle: boolean): Promise<void> {
  const { seed, weather, observer } = stage;
  // Where puts can't be made to create only, hosts that make a site at once may each make their own.
  if (!weather.conditionalPut || dice(seed, "founder").chance(0.9)) await found(stage);
  await trouble(stage, programs);
  if (settle && observer.violation === undefined) await calm(stage);
}

/** A host in clear weather. */
function calmCrew(stage: Stage, name: string): Crew {
  const weather: Weather = { ...CLEAR, conditionalPut: stage.weather.conditionalPut };
  const program: Program = { name, source: `files-${name}`, skew: 0, drift: 0, actions: [] };
  return new Crew({ ...stage, weather }, program, changingTree(contentPool(dice(stage.seed, `contents of ${name}`))));
}

/** Lets time go by until some work is done, or a promise is found broken. */
async function until(stage: Stage, work: () => Promise<unknown>): Promise<void> {
  const { world, observer } = stage;
  const failure: unknown[] = [];
  let over = false;
  work().then(
    () => {
      over = true;
    },
    (error: unknown) => failure.push(error),
  );
  const isOver = () => over || failure.length > 0 || observer.violation !== undefined;
  await world.run(isOver);
  if (failure.length > 0) throw failure[0];
  if (!isOver()) throw new Error("Somebody waits for what never happens.");
}

async function found(stage: Stage): Promise<void> {
  const crew = calmCrew(stage, "y");
  await until(stage, () => crew.perform({ name: "y.backup", kind: "backup", pause: 0 }));
}

/** Everybody does what they have to do, until all have done it and nothing is under way. */
async function trouble(stage: Stage, programs: readonly Program[]): Promise<void> {
  const { seed, world, weather, observer, server } = stage;
  const pool = contentPool(dice(seed, "contents"), weather.hurry ? 5 : undefined);
  const crews = programs.map((program) => new Crew(stage, program, changingTree(pool)));
  server.skew = weather.serverSkew;
  if (weather.full > 0) fillUp(stage);
  await until(stage, () => Promise.all(crews.map((crew) => crew.live())));
  server.full = false;
  server.skew = 0;
  await world.run(() => observer.violation !== undefined); // what is still under way, from those who died or gave up
  world.note(() => `all is quiet; latency ${weather.latency} ms`);
}

/** There is no room now and then. */
function fillUp({ seed, world, weather, server }: Stage): void {
  const random = dice(seed, "room");
  const span = weather.pause * 3;
  const set = (at: number, full: boolean) =>
    world.at(at, () => {
      server.full = full;
      world.note(() => (full ? "the storage is full" : "the storage has room again"));
    });
  for (let n = 0; n < 3; n++) {
    const begin = world.now + random.below(span);
    set(begin, true);
    set(begin + weather.full * span, false);
  }
}

/** The weather clears up: what was promised must be there, what nobody needs must go. */
async function calm(stage: Stage): Promise<void> {
  const { world, observer, inspector, subject, seed } = stage;
  const crew = calmCrew(stage, "z");
  const act = async (kind: ActionKind) => {
    const good = await crew.perform({ name: `z.${kind}`, kind, pause: 0 });
    if (!good) observer.object("usable", `a ${kind} fails although nothing is wrong any more`);
    await passTime(world, DAY);
  };
  await until(stage, async () => {
    await passTime(world, 3 * DAY);
    await act("backup");
    await checkOwed(stage, crew, dice(seed, "the end").below(observer.owed().size));
    if (subject.abilities?.includes("prune") === true) for (let n = 0; n < 2; n++) await act("prune");
    else await act("backup");
    const garbage = inspector.garbage();
    if (garbage.length > 0) observer.object("clean", `these are left for ever: ${garbage.join(", ")}`);
  });
}

/** Every backup that was promised is listed, and holds what its run had: one is restored, the others are read. */
async function checkOwed({ observer, inspector }: Stage, crew: Crew, restored: number): Promise<void> {
  const listed = new Set(await crew.list());
  for (const [n, [id, record]] of Array.from(observer.owed()).entries()) {
    if (!listed.has(id)) observer.object("kept", `${id} was promised, and it is not listed`);
    else if (n === restored || inspector.filesOf === undefined) await crew.restore(id, record);
    else {
      const wrong = wrongIn(inspector.filesOf(id), record);
      if (wrong !== null) observer.object("restorable", `${id} is listed, but ${wrong}`);
    }
  }
}

function wrongIn(files: ReadonlyMap<string, Uint8Array> | null, record: RunRecord): string | null {
  return files === null ? "it can't be read" : difference(files, record.files);
}

/** Resolves when so much time has gone by. */
function passTime(world: World, ms: number): Promise<void> {
  return new Promise((resolve) => void world.wakeAt(world.now + ms, resolve));
}
