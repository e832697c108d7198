import { CutSelector } from "../chunk/cut-selector.ts";
import { WINDOW } from "../chunk/gear-table.ts";
import type { Body } from "../list/refs.ts";
import { FRAME_BYTES } from "../pack/limits.ts";
import { type PackResult, STRICT } from "../worker/tasks.ts";
import { BodyLine } from "./body-line.ts";
import type { ContentTools } from "./tools.ts";

/** A large file that is open. */
export interface LargeFile {
  readonly path: string;
  readonly fd: number;
  /** Bytes; more than the average chunk has. */
  readonly size: number;
}

/** So many bytes are searched for cuts by one task. */
const SCAN_BYTES = 4 << 20;
/** So many of them are ahead of what is stored. */
const SCANS_AHEAD = 2;
/** So many bytes are stored by one task: they lie together in a pack, and are read back by one request. */
const STRETCH_BYTES = 4 * FRAME_BYTES;

/**
 * Stores a large file with all threads: some look for the places where it may be cut, each in a stretch of its own;
 * from those few places the cuts are selected here; and others read, name and store what lies between.
 */
export async function storeLargeFile(tools: ContentTools, { path, fd, size }: LargeFile): Promise<Body> {
  const { line, profile, signal } = tools;
  const body = new BodyLine(tools);
  const cuts = new CutSelector(profile, size);
  const stretch = new Stretches();
  const scans: { readonly from: number; readonly to: number; readonly found: Promise<PackResult> }[] = [];
  let next = WINDOW;

  async function store(tasks: Iterable<{ readonly position: number; readonly lengths: readonly number[] }>) {
    for (const task of tasks) await body.run({ op: "stretch", path, fd, ...task });
  }

  for (;;) {
    signal.throwIfAborted();
    while (scans.length < SCANS_AHEAD && next < size) {
      const [from, to] = [next, Math.min(next + SCAN_BYTES, size)];
      const found = line.run({ op: "scan", path, fd, from, to });
      found.catch(() => undefined); // awaited below, unless an earlier one fails
      scans.push({ from, to, found });
      next = to;
    }
    const scan = scans.shift();
    if (scan === undefined) break;
    const { from, to } = scan;
    for (const end of (await scan.found).lengths) {
      cuts.add({ end: from + (end & ~STRICT), strict: end >= STRICT });
    }
    cuts.reach(to - 1);
    await store(stretch.add(cuts.take(), false));
  }
  cuts.finish();
  await store(stretch.add(cuts.take(), true));
  return body.end();
}

/** Puts neighbouring chunks together to tasks of some frames. */
class Stretches {
  #position = 0;
  #end = 0;
  #lengths: number[] = [];

  *add(
    cuts: readonly number[],
    last: boolean,
  ): Generator<{ readonly position: number; readonly lengths: readonly number[] }> {
    for (const cut of cuts) {
      this.#lengths.push(cut - this.#end);
      this.#end = cut;
      if (cut - this.#position >= STRETCH_BYTES) yield this.#take();
    }
    if (last && this.#lengths.length > 0) yield this.#take();
  }

  #take() {
    const task = { position: this.#position, lengths: this.#lengths };
    this.#position = this.#end;
    this.#lengths = [];
    return task;
  }
}
