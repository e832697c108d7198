import type { RangedReader, RoomPool } from "@lifeboat/frames";
import { tasksInFlight } from "@lifeboat/threads";
import { badLayout, type PartLayout } from "./part-layout.ts";
import type { PartThreads } from "./segment-line.ts";
import type { ContentCheck, Unpacked, UnpackTask } from "./worker/tasks.ts";

/** How many segments are read ahead so that no thread idles: each takes two rooms. */
export function segmentsUnderWay(threads: number): number {
  return tasksInFlight(threads) + 3; // and those that are read, digested and taken
}

/** What is wanted of a segment. */
export interface SegmentRequest {
  readonly segment: number;
  /** The last segment that is known to be wanted without a gap. Default: this one. */
  readonly until?: number;
  /** Whether its bytes are wanted, or only whether they are right. */
  readonly keep: boolean;
  readonly checks?: readonly ContentCheck[];
}

/** A segment on its way: read already, not opened yet. */
export interface BegunSegment {
  readonly opened: Promise<Unpacked>;
}

/** Reads a part's segments and has the threads open them. Calls must not overlap. */
export class SegmentAccess {
  readonly layout: PartLayout;
  readonly reader: RangedReader;
  readonly #threads: PartThreads;
  readonly #rooms: RoomPool;
  readonly #signal: AbortSignal | undefined;

  constructor(
    layout: PartLayout,
    reader: RangedReader,
    threads: PartThreads,
    rooms: RoomPool,
    signal: AbortSignal | undefined,
  ) {
    this.layout = layout;
    this.reader = reader;
    this.#threads = threads;
    this.#rooms = rooms;
    this.#signal = signal;
  }

  /**
   * Reads a segment and sets a thread to work on it: resolves as soon as the next one can be begun.
   *
   * @throws NOT_FOUND, CORRUPT where it cannot be read
   */
  async begin({ segment, until = segment, keep, checks = [] }: SegmentRequest): Promise<BegunSegment> {
    const place = this.layout.segments[segment];
    if (place === undefined) throw badLayout(this.layout.key, `it has no segment ${segment}`);
    const stored = await this.reader.read(segment, until);
    const room = keep ? this.#rooms.take(place.unpackedLength) : undefined;
    const task: UnpackTask = {
      op: "unpack",
      segment,
      stored,
      unpacked: place.unpackedLength,
      ...(room === undefined ? {} : { room }),
      checks,
    };
    const transfer = room === undefined ? [stored.buffer] : [stored.buffer, room.buffer];
    const opened = (this.#threads.pool.run(task, { signal: this.#signal, transfer }) as Promise<Unpacked>).then(
      (answer) => {
        this.#rooms.give(answer.stored);
        return answer;
      },
    );
    opened.catch(() => undefined); // it is awaited in its turn
    return { opened };
  }

  /**
   * The bytes of one segment. Give them to {@link release} when they are used up.
   *
   * @throws NOT_FOUND, CORRUPT
   */
  async open(segment: number): Promise<Uint8Array> {
    const { opened } = await this.begin({ segment, keep: true });
    const { bytes } = await opened;
    if (bytes === undefined) throw new Error("A thread kept the bytes that it was asked for.");
    return bytes;
  }

  release(bytes: Uint8Array): void {
    this.#rooms.give(bytes);
  }
}
