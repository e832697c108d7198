import { isLifeboatError } from "@lifeboat/contracts";
import { tasksInFlight } from "@lifeboat/threads";
import { badLayout, type PartLayout } from "./part-layout.ts";
import type { IndexRow } from "./rows.ts";
import type { PartThreads } from "./segment-line.ts";
import type { Step, StepItem } from "./segment-steps.ts";
import type { StoredReader } from "./stored-reader.ts";
import type { ContentCheck, Unpacked } from "./worker/tasks.ts";

/** An item with its bytes, opened and checked. */
export interface FedItem {
  readonly item: StepItem;
  /** The content, or the slice of it; empty where it is not kept. */
  readonly bytes: Uint8Array;
  /** Why the content is not what was backed up; absent where it is. */
  readonly damage?: unknown;
}

/** How segments are fed. */
export interface FeedOptions {
  readonly layout: PartLayout;
  readonly reader: StoredReader;
  readonly threads: PartThreads;
  /** Whether whole entries' bytes are wanted, or only whether they are right. */
  readonly keep: boolean;
  readonly signal: AbortSignal | undefined;
  /** A segment that can't be opened ends the feed, or damages the entries in it. */
  readonly stopAtDamage: boolean;
}

interface Started {
  readonly step: Step;
  readonly data: Promise<Opened>;
}

interface Opened {
  readonly bytes: Uint8Array;
  readonly bad: ReadonlySet<string>;
  /** For each `last` slice, by path: the digest of all of its content. */
  readonly digests: ReadonlyMap<string, string>;
  readonly damage?: unknown;
}

const NOTHING: Opened = { bytes: new Uint8Array(0), bad: new Set(), digests: new Map() };

/**
 * Reads, opens, expands and checks the segments that steps ask for, several at a
 * time and in order; never more than the threads need to stay busy.
 */
export async function* feedSegments(steps: AsyncIterable<Step>, options: FeedOptions): AsyncGenerator<FedItem> {
  const { threads } = options;
  const opener = new Opener(options);
  const source = steps[Symbol.asyncIterator]();
  const underWay: Started[] = [];
  const capacity = tasksInFlight(threads.size) + 1;
  let ended = false;
  try {
    for (;;) {
      while (!ended && underWay.length < capacity) {
        const next = await source.next();
        if (next.done === true) ended = true;
        else underWay.push(await opener.start(next.value));
      }
      const oldest = underWay.shift();
      if (oldest === undefined) return;
      const opened = await oldest.data;
      for (const item of oldest.step.items) yield fed(item, opened);
    }
  } finally {
    await source.return?.();
  }
}

function fed(item: StepItem, opened: Opened): FedItem {
  const damage = opened.damage ?? damageOf(item, opened);
  const result = { item, bytes: bytesOf(item, opened.bytes) };
  return damage === undefined ? result : { ...result, damage };
}

function bytesOf(item: StepItem, segment: Uint8Array): Uint8Array {
  if (segment.length === 0) return segment;
  if (item.kind === "whole") return segment.subarray(item.offset, item.offset + item.row.size);
  const slice = segment.subarray(item.offset, item.offset + item.size);
  // Others' content may lie in the same buffer, and the reader may give its own away.
  return slice.length === segment.length ? slice : slice.slice();
}

function damageOf(item: StepItem, { bad, digests }: Opened): unknown {
  const { row } = item;
  if (item.kind === "whole") return bad.has(row.path) ? contentDamage(row) : undefined;
  return item.last && digests.get(row.path) !== row.sha256 ? contentDamage(row) : undefined;
}

function contentDamage(row: IndexRow): unknown {
  return badLayout(row.path, "its content is not what was backed up (its SHA-256 differs)");
}

/** Starts segments in order; large entries' digests are made in that order too. */
class Opener {
  readonly #options: FeedOptions;
  #previous: Promise<unknown> = Promise.resolve();
  #digest = 0;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Reads a segment's stored bytes and sets the threads to work on it. */
  async start(step: Step): Promise<Started> {
    if (step.segment === null) return { step, data: Promise.resolve(NOTHING) };
    const unpacked = await this.#unpack(step.segment, step);
    const data = this.#previous.then(() => unpacked.result).then((opened) => this.#digestSlices(step, opened));
    const settled = data.catch((error: unknown) => this.#damaged(error));
    this.#previous = settled.catch(() => undefined); // whoever takes this step hears of it
    return { step, data: settled };
  }

  async #unpack(segment: number, step: Step): Promise<{ result: Promise<Unpacked> }> {
    const { layout, reader, threads, signal, keep } = this.#options;
    const unpacked = layout.segments[segment]?.unpackedLength ?? 0;
    const hasSlices = step.items.some((item) => item.kind === "slice");
    try {
      const stored = await reader.read(segment, step.until);
      const task = {
        op: "unpack",
        segment,
        stored,
        unpacked,
        checks: checksOf(step),
        keep: keep || hasSlices,
      } as const;
      const result = threads.pool.run(task, { signal, transfer: [stored.buffer] }) as Promise<Unpacked>;
      result.catch(() => undefined); // it is awaited in its turn
      return { result };
    } catch (error) {
      const result = Promise.reject(error);
      result.catch(() => undefined); // it is awaited in its turn
      return { result };
    }
  }

  async #digestSlices(step: Step, { bytes, bad }: Unpacked): Promise<Opened> {
    const { digests: lane, signal } = { ...this.#options.threads, signal: this.#options.signal };
    const digests = new Map<string, string>();
    let segment: Uint8Array = bytes;
    for (const item of step.items) {
      if (item.kind !== "slice") continue;
      const slice = segment.subarray(item.offset, item.offset + item.size);
      const whole = slice.length === segment.length;
      if (item.first) this.#digest += 1;
      const sent = whole ? segment : slice.slice();
      const task = { op: "digest", id: this.#digest, bytes: sent, giveBack: whole } as const;
      const back = (await lane.run(task, { signal, transfer: [sent.buffer as ArrayBuffer] })) as Uint8Array | null;
      if (back !== null) segment = back;
      if (item.last) {
        digests.set(item.row.path, (await lane.run({ op: "digest-end", id: this.#digest }, { signal })) as string);
      }
    }
    return { bytes: segment, bad: new Set(bad), digests };
  }

  /** Damage is told of each entry that it touches; anything else ends the feed. */
  #damaged(error: unknown): Opened {
    const { stopAtDamage } = this.#options;
    if (stopAtDamage || !isLifeboatError(error, "CORRUPT")) throw error;
    return { ...NOTHING, damage: error };
  }
}

function checksOf(step: Step): ContentCheck[] {
  const checks: ContentCheck[] = [];
  for (const item of step.items) {
    const { path, size, sha256, type } = item.row;
    if (item.kind === "whole" && type === "file" && size > 0)
      checks.push({ path, offset: item.offset, size, sha256: sha256 ?? "" });
  }
  return checks;
}
