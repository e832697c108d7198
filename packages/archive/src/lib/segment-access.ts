import type { LocalObject } from "@lifeboat/contracts";
import type { FileStretch, RangedReader, RoomPool } from "@lifeboat/frames";
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

/** What segments are read with. */
export interface SegmentTools {
  readonly layout: PartLayout;
  /** The part as an open file, which the threads read themselves; `null` where it is none. */
  readonly file: LocalObject | null;
  readonly reader: RangedReader;
  readonly threads: PartThreads;
  readonly rooms: RoomPool;
  readonly signal: AbortSignal | undefined;
}

/** Reads a part's segments and has the threads open them. Calls must not overlap. */
export class SegmentAccess {
  readonly layout: PartLayout;
  readonly #file: LocalObject | null;
  readonly #reader: RangedReader;
  readonly #threads: PartThreads;
  readonly #rooms: RoomPool;
  readonly #signal: AbortSignal | undefined;

  /** What could not be read by a thread is read here, one after the other. */
  #reading: Promise<unknown> = Promise.resolve();
  #fileBytes = 0;

  constructor({ layout, file, reader, threads, rooms, signal }: SegmentTools) {
    this.layout = layout;
    this.#file = file;
    this.#reader = reader;
    this.#threads = threads;
    this.#rooms = rooms;
    this.#signal = signal;
  }

  /** Bytes read from the storage so far. */
  get bytesRead(): number {
    return this.#fileBytes + this.#reader.bytesRead;
  }

  /** Ends the request that is under way. */
  async close(): Promise<void> {
    await this.#reader.close();
  }

  /**
   * Reads a segment and sets a thread to work on it: resolves as soon as the next one can be begun.
   *
   * @throws NOT_FOUND, CORRUPT where it cannot be read
   */
  async begin({ segment, until = segment, keep, checks = [] }: SegmentRequest): Promise<BegunSegment> {
    const place = this.layout.segments[segment];
    if (place === undefined) throw badLayout(this.layout.key, `it has no segment ${segment}`);
    const wanted = { op: "unpack", segment, unpacked: place.unpackedLength, checks } as const;
    // The host's own thread is not to wait for a disk.
    if (this.#file === null || this.#threads.pool.isInline)
      return { opened: this.#unpack(wanted, keep, await this.#read(segment, until)) };
    this.#signal?.throwIfAborted();
    const stretch = { fd: this.#file.fd, offset: place.offset, length: place.storedLength };
    const opened = this.#unpack(wanted, keep, stretch).then(async (answer) => {
      if (answer.unread === true) return this.#unpack(wanted, keep, await this.#read(segment, segment));
      this.#fileBytes += place.storedLength;
      return answer;
    });
    opened.catch(() => undefined); // it is awaited in its turn
    return { opened };
  }

  #read(segment: number, until: number): Promise<Uint8Array<ArrayBuffer>> {
    const reading = this.#reading.then(() => this.#reader.read(segment, until));
    this.#reading = reading.catch(() => undefined); // whoever asked for it hears of it
    return reading;
  }

  #unpack(
    wanted: Omit<UnpackTask, "stored" | "room">,
    keep: boolean,
    stored: Uint8Array<ArrayBuffer> | FileStretch,
  ): Promise<Unpacked> {
    const room = keep ? this.#rooms.take(wanted.unpacked) : undefined;
    const task: UnpackTask = { ...wanted, stored, ...(room === undefined ? {} : { room }) };
    const transfer = [stored, room].flatMap((bytes) => (bytes instanceof Uint8Array ? [bytes.buffer] : []));
    const answer = this.#threads.pool.run(task, { signal: this.#signal, transfer }) as Promise<Unpacked>;
    const opened = answer.then((unpacked) => {
      if (unpacked.stored !== undefined) this.#rooms.give(unpacked.stored);
      return unpacked;
    });
    opened.catch(() => undefined); // it is awaited in its turn
    return opened;
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
