import { isLifeboatError } from "@lifeboat/contracts";
import { badLayout } from "./part-layout.ts";
import type { IndexRow } from "./rows.ts";
import { type BegunSegment, type SegmentAccess, segmentsUnderWay } from "./segment-access.ts";
import type { PartThreads } from "./segment-line.ts";
import type { Step, StepItem } from "./segment-steps.ts";
import type { ContentCheck, Unpacked } from "./worker/tasks.ts";

/** A step with its bytes, opened and checked. */
export interface FedStep {
  readonly items: readonly StepItem[];
  /** An item's content, or its slice of it, until the next step is pulled; empty where it is not kept. */
  bytesOf(item: StepItem): Uint8Array;
  /** Why an item's content is not what was backed up; `undefined` where it is. */
  damageOf(item: StepItem): unknown;
}

/** How segments are fed. */
export interface FeedOptions {
  readonly access: SegmentAccess;
  readonly threads: PartThreads;
  /** Whether whole entries' bytes are wanted, or only whether they are right. */
  readonly keep: boolean;
  readonly signal: AbortSignal | undefined;
  /** A segment that can't be opened ends the feed, or damages the entries in it. */
  readonly stopAtDamage: boolean;
}

interface Started {
  readonly step: Step;
  readonly opened: Promise<Opened>;
}

interface Opened {
  /** The segment; empty where it was not wanted or is damaged. */
  readonly bytes: Uint8Array;
  readonly bad: ReadonlySet<string>;
  /** For each `last` slice, by path: the digest of all of its content. */
  readonly digests: ReadonlyMap<string, string>;
  readonly damage?: unknown;
}

const NONE = new Uint8Array(0);
const NOTHING: Opened = { bytes: NONE, bad: new Set(), digests: new Map() };

/**
 * Reads, opens, expands and checks the segments that steps ask for, several at a
 * time and in order; never more than the threads need to stay busy.
 */
export async function* feedSegments(steps: AsyncIterable<Step>, options: FeedOptions): AsyncGenerator<FedStep> {
  const { threads, access } = options;
  const opener = new Opener(options);
  const source = steps[Symbol.asyncIterator]();
  const underWay: Started[] = [];
  const capacity = segmentsUnderWay(threads.size);
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
      const opened = await oldest.opened;
      yield fedStep(oldest.step, opened);
      access.release(opened.bytes);
    }
  } finally {
    await source.return?.();
  }
}

function fedStep({ items }: Step, { bytes, bad, digests, damage }: Opened): FedStep {
  return {
    items,
    bytesOf(item) {
      if (bytes.length === 0) return NONE;
      return bytes.subarray(item.offset, item.offset + sizeOf(item));
    },
    damageOf(item) {
      const { path, sha256 } = item.row.info;
      if (damage !== undefined) return damage;
      const isGood = item.kind === "whole" ? !bad.has(path) : !item.last || digests.get(path) === sha256;
      return isGood ? undefined : contentDamage(item.row);
    },
  };
}

/** How many bytes of content an item has in its segment. */
export function sizeOf(item: StepItem): number {
  return item.kind === "whole" ? item.row.info.size : item.size;
}

function contentDamage(row: IndexRow): unknown {
  return badLayout(row.info.path, "its content is not what was backed up (its SHA-256 differs)");
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
    if (step.segment === null) return { step, opened: Promise.resolve(NOTHING) };
    const begun = await this.#begin(step.segment, step);
    const digested = this.#previous.then(() => begun.opened).then((segment) => this.#digestSlices(step, segment));
    const opened = digested.catch((error: unknown) => this.#damaged(error));
    this.#previous = opened.catch(() => undefined); // whoever takes this step hears of it
    return { step, opened };
  }

  async #begin(segment: number, { items, until }: Step): Promise<BegunSegment> {
    const { access, keep } = this.#options;
    const hasSlices = items.some((item) => item.kind === "slice");
    try {
      return await access.begin({ segment, until, keep: keep || hasSlices, checks: checksOf(items) });
    } catch (error) {
      const opened = Promise.reject(error);
      opened.catch(() => undefined); // it is awaited in its turn
      return { opened };
    }
  }

  async #digestSlices({ items }: Step, { bytes: segment, bad }: Unpacked): Promise<Opened> {
    const { threads, signal } = this.#options;
    const digests = new Map<string, string>();
    let bytes = segment;
    for (const item of items) {
      if (item.kind !== "slice" || bytes === undefined) continue;
      if (item.first) this.#digest += 1;
      const id = this.#digest;
      const task = { op: "digest", id, bytes, start: item.offset, end: item.offset + item.size } as const;
      bytes = (await threads.digests.run(task, { signal, transfer: [bytes.buffer] })) as Uint8Array<ArrayBuffer>;
      if (item.last)
        digests.set(item.row.info.path, (await threads.digests.run({ op: "digest-end", id }, { signal })) as string);
    }
    return { bytes: bytes ?? NONE, bad: new Set(bad), digests };
  }

  /** Damage is told of each entry that it touches; anything else ends the feed. */
  #damaged(error: unknown): Opened {
    const { stopAtDamage } = this.#options;
    if (stopAtDamage || !isLifeboatError(error, "CORRUPT")) throw error;
    return { ...NOTHING, damage: error };
  }
}

function checksOf(items: readonly StepItem[]): ContentCheck[] {
  const checks: ContentCheck[] = [];
  for (const item of items) {
    const { path, size, sha256, type } = item.row.info;
    if (item.kind === "whole" && type === "file" && size > 0) {
      checks.push({ path, offset: item.offset, size, sha256: sha256 ?? "" });
    }
  }
  return checks;
}
