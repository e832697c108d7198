import { setTimeout as pause } from "node:timers/promises";
import { isLifeboatError } from "@lifeboat/contracts";
import { type Expected, expectation, FAULTS, type Fault } from "./faults.ts";
import { HANG } from "./limits.ts";
import { SERVERS, type ServerName, type Servers } from "./servers.ts";
import { type Stage, WORKS, type Work } from "./stage.ts";
import { type Doings, leftovers } from "./works.ts";

/** What came of one piece of work under one fault on one server. */
export interface Cell {
  readonly fault: Fault;
  readonly server: ServerName;
  readonly work: Work;
  /** Why there is no such cell; then nothing else is told. */
  readonly reason?: string;
  readonly outcome?: string;
  readonly seconds?: number;
  /** What stayed after a sweep. */
  readonly left?: readonly string[];
  /** Everything that is not as it must be, as sentences. */
  readonly wrong: readonly string[];
}

/** Cells that run at the same time: those that mostly wait, and those that keep the machine busy. */
const WAITING = 12;
const BUSY = 2;

/** Runs all cells, side by side, and then those with another clock. */
export async function runMatrix(servers: Servers, doings: Doings, only: RegExp): Promise<Cell[]> {
  const cells = FAULTS.flatMap((fault) =>
    SERVERS.flatMap((server) => WORKS.map((work) => ({ fault, server, work }) as const)),
  ).filter(({ fault, server, work }) => only.test(`${fault.name} ${server} ${work}`));
  const run = (one: (typeof cells)[number]) => runCell(servers, doings, one);
  const timely = cells.filter(({ fault }) => fault.clockAhead === undefined);
  const longestFirst = timely
    .filter(({ fault }) => fault.waits === true)
    .sort((a, b) => b.fault.within - a.fault.within);
  const shortestFirst = timely
    .filter(({ fault }) => fault.waits !== true)
    .sort((a, b) => a.fault.within - b.fault.within);
  const pools = [pooled(longestFirst, WAITING, run), pooled(shortestFirst, BUSY, run)];
  const results = (await Promise.all(pools)).flat();
  for (const ahead of new Set(cells.map(({ fault }) => fault.clockAhead))) {
    if (ahead === undefined) continue;
    using _ = clockAhead(ahead);
    results.push(
      ...(await pooled(
        cells.filter(({ fault }) => fault.clockAhead === ahead),
        BUSY,
        run,
      )),
    );
  }
  const order = (cell: Cell) =>
    cells.findIndex(({ fault, server, work }) => cell.fault === fault && cell.server === server && cell.work === work);
  return results.sort((a, b) => order(a) - order(b));
}

async function pooled<T, R>(items: readonly T[], atOnce: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const queue = [...items];
  const results: R[] = [];
  const one = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) results.push(await work(item));
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return results;
}

async function runCell(
  servers: Servers,
  doings: Doings,
  { fault, server, work }: Pick<Cell, "fault" | "server" | "work">,
): Promise<Cell> {
  const cell = { fault, server, work };
  const told = expectation(fault, server, work);
  if ("reason" in told) return { ...cell, reason: told.reason, wrong: [] };
  try {
    await using stage = await fault.arrange({ servers, server, work });
    const open = () => stage.place.open();
    await doings[work].prepare(open);
    const { outcome, seconds, error } = await timed(stage, () => doings[work].perform(stage));
    await stage.lift();
    const wrong = judge(fault, work, told.expected, outcome, seconds, error);
    if (!stage.struck()) wrong.push("the fault did not happen");
    await doings[work].check(open, outcome === "intact").catch((reason: unknown) => void wrong.push(String(reason)));
    const left = await leftovers(stage.place);
    if (left.length > 0) wrong.push(`left after a sweep: ${left.join(", ")}`);
    return { ...cell, outcome, seconds, left, wrong };
  } catch (error) {
    return { ...cell, outcome: "?", wrong: [error instanceof Error ? (error.stack ?? error.message) : String(error)] };
  }
}

async function timed(stage: Stage, work: () => Promise<void>) {
  await stage.begin();
  const begun = performance.now();
  const over = new AbortController();
  const hang = pause(HANG * 1000, "hang" as const, { signal: over.signal });
  try {
    const outcome = await Promise.race([work().then(() => "intact" as const), hang]);
    return { outcome, seconds: (performance.now() - begun) / 1000, error: null };
  } catch (error) {
    const seconds = (performance.now() - begun) / 1000;
    return { outcome: isLifeboatError(error) ? error.code : "no code", seconds, error };
  } finally {
    over.abort();
    hang.catch(() => undefined); // it was told to stop
  }
}

function judge(
  { within, atLeast = 0 }: Fault,
  work: Work,
  expected: Expected,
  outcome: string,
  seconds: number,
  error: unknown,
): string[] {
  const wrong: string[] = [];
  const limit = work === "backup" ? 2 * within : within;
  if (outcome !== expected) wrong.push(`expected ${expected}, found ${outcome}: ${String(error)}`);
  if (seconds > limit) wrong.push(`took ${seconds.toFixed(1)} s, more than ${limit} s`);
  if (outcome === "intact" && seconds < atLeast) wrong.push(`took ${seconds.toFixed(1)} s: the fault did not happen`);
  return wrong;
}

/** This machine's clock, for this process's main thread, set ahead until the end of the scope. */
function clockAhead(ms: number): Disposable {
  const Right = Date;
  const Ahead = class extends Right {
    constructor(...parts: readonly unknown[]) {
      // biome-ignore lint/suspicious/noExplicitAny: handed on as they are
      super(...((parts.length === 0 ? [Right.now() + ms] : parts) as [any]));
    }
    static override now = () => Right.now() + ms;
  };
  globalThis.Date = Ahead as DateConstructor;
  return {
    [Symbol.dispose]() {
      globalThis.Date = Right;
    },
  };
}
