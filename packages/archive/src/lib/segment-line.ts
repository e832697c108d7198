import type { EntryCounts, ProblemReport } from "@lifeboat/contracts";
import type { TableRow } from "@lifeboat/crypto";
import { RoomPool } from "@lifeboat/frames";
import { type Threads, tasksInFlight } from "@lifeboat/threads";
import { IndexBuffer } from "./index-buffer.ts";
import { addExtent, type LargeEntry } from "./large-entry.ts";
import { ROOM_BYTES } from "./limits.ts";
import type { PieceOwner, SegmentPlan } from "./segment-plan.ts";
import type { Packed, Piece, Result, Task } from "./worker/tasks.ts";

/** The digest that all stored bytes of the part go into. */
const STORED = 0;

/** Where the threads of a part are. */
export interface PartThreads {
  /** For packing and unpacking, in parallel. */
  readonly pool: Threads<Task, Result>;
  /** One thread that keeps the running digests, so that they are made in order. */
  readonly digests: Threads<Task, Result>;
  /** How many threads are in the pool. */
  readonly size: number;
}

/**
 * The assembly line of a part: segment plans go in, packed segments come out in
 * order; on the way their facts are gathered. Never more than {@link capacity}
 * segments are under way, so memory does not follow the archive's size.
 */
export class SegmentLine {
  readonly table: TableRow[] = [];
  readonly index = new IndexBuffer();
  readonly problems: ProblemReport[] = [];
  readonly capacity: number;
  #counts = { files: 0, directories: 0, links: 0 };
  #bytes = 0;
  #storedBytes = 0;
  #started = 0;
  #nextDigest = STORED + 1;
  readonly #threads: PartThreads;
  readonly #signal: AbortSignal | undefined;
  readonly #report: (problem: ProblemReport) => void;
  readonly #underWay: Promise<Uint8Array>[] = [];
  readonly #rooms: RoomPool;
  #previous: Promise<unknown> = Promise.resolve();

  constructor(threads: PartThreads, report: (problem: ProblemReport) => void, signal: AbortSignal | undefined) {
    this.#threads = threads;
    this.#report = report;
    this.#signal = signal;
    this.capacity = tasksInFlight(threads.size) + 2; // and two at the digests
    this.#rooms = new RoomPool(2 * this.capacity, ROOM_BYTES); // what is stored, and a piece of a large file
  }

  get counts(): EntryCounts {
    return this.#counts;
  }

  /** Bytes of content so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes handed out so far, with those added by {@link digest}. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  get entries(): number {
    return this.#counts.files + this.#counts.directories + this.#counts.links;
  }

  /** How many segments are on the line. */
  get underWay(): number {
    return this.#underWay.length;
  }

  /** A number for the digest of a large entry. */
  newDigest(): number {
    return this.#nextDigest++;
  }

  /** Puts a segment on the line. */
  push(plan: SegmentPlan): void {
    const segment = this.#started++;
    const rooms = this.#rooms.takeFree(1 + plan.owners.length);
    const packed = this.#threads.pool.run(
      { op: "pack", segment, items: plan.items, rooms },
      { signal: this.#signal, transfer: [...movable(plan), ...rooms] },
    ) as Promise<Packed>;
    const digested = this.#previous.then(() => packed).then((made) => ({ stored: this.#account(plan, made, segment) }));
    const stored = digested.then((made) => made.stored);
    this.#previous = digested;
    for (const promise of [packed, digested, stored]) promise.catch(() => undefined); // shift() reports it
    this.#underWay.push(stored);
  }

  /** Takes memory back that {@link shift} has handed out, once it is used up. */
  recycle(bytes: Uint8Array): void {
    this.#rooms.give(bytes);
  }

  /** The oldest segment, when it is ready. */
  async shift(): Promise<Uint8Array | undefined> {
    return this.#underWay.shift();
  }

  /** Adds bytes that did not come over the line to the digest of the stored bytes. */
  async digest(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    this.#storedBytes += bytes.length;
    return (await this.#threads.digests.run(
      { op: "digest", id: STORED, bytes },
      { signal: this.#signal },
    )) as Uint8Array;
  }

  /** SHA-256 of all stored bytes, in hex. */
  async sha256(): Promise<string> {
    return (await this.#threads.digests.run({ op: "digest-end", id: STORED })) as string;
  }

  #account(plan: SegmentPlan, made: Packed, segment: number): Promise<Uint8Array> {
    this.table.push({ length: made.packed, unpackedLength: made.unpacked, tag: plan.content });
    this.#counts.files += made.files;
    this.#counts.directories += made.directories;
    this.#counts.links += made.links;
    this.#bytes += made.bytes;
    for (const problem of made.problems) this.#report(problem);
    made.rows.forEach((rows, n) => {
      this.index.addLines(rows);
      const owner = plan.owners[n];
      const piece = made.pieces[n];
      if (owner !== undefined && piece !== undefined) this.#accountPiece(owner, piece, segment);
    });
    this.#storedBytes += made.stored.length;
    const task = { op: "digest", id: STORED, bytes: made.stored } as const;
    return this.#threads.digests.run(task, { transfer: [made.stored.buffer] }) as Promise<Uint8Array>;
  }

  #accountPiece({ entry: large, first, last }: PieceOwner, piece: Piece, segment: number): void {
    const size = piece.bytes.length;
    addExtent(large.extents, { segment, offset: piece.offset, size }, !first);
    this.#bytes += size;
    const sent = this.#threads.digests.run(
      { op: "digest", id: large.digest, bytes: piece.bytes },
      { transfer: [piece.bytes.buffer] },
    );
    sent.then((bytes) => this.recycle(bytes as Uint8Array)).catch(() => undefined); // the stored bytes' digest, on the same thread, reports it
    if (last) this.#finish(large);
  }

  #finish(large: LargeEntry): void {
    this.#counts.files += 1;
    const digest = this.#threads.digests.run({ op: "digest-end", id: large.digest }) as Promise<string>;
    const size = large.extents.reduce((sum, extent) => sum + extent.size, 0);
    this.index.addRow(digest.then((sha256) => ({ info: { ...large.entry, size, sha256 }, extents: large.extents })));
    large.done();
  }
}

function movable(plan: SegmentPlan): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const item of plan.items) {
    const bytes = "bytes" in item ? item.bytes : undefined;
    // Only what fills its buffer is surely nobody else's.
    if (bytes?.buffer instanceof ArrayBuffer && bytes.byteLength === bytes.buffer.byteLength) buffers.add(bytes.buffer);
  }
  return [...buffers];
}
