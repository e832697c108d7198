import { createThreads, type Threads } from "@lifeboat/threads";
import type { ChunkTables, SharedTables } from "../index/chunk-tables.ts";
import { ROOM_BYTES } from "../pack/limits.ts";
import code from "../worker/pack.worker.ts?worker-code";
import { startPackHandler } from "../worker/pack-handler.ts";
import type { PackResult, PackSetup, PackTask, ScanTask } from "../worker/tasks.ts";
import { PackUploads, type UploadOptions } from "./uploads.ts";

type Bare<T> = T extends ScanTask ? T : Omit<T, "rooms" | "index">;
/** A task as it is given to the line, which adds memory and index to it. */
export type LineTask = Bare<PackTask>;

/** What the line works with. */
export interface PackLineOptions extends Pick<UploadOptions, "storage" | "signal" | "onStored"> {
  readonly setup: PackSetup;
  /** What the site has; settled as packs are stored. */
  readonly tables: ChunkTables;
  /** Threads; 0 works on the calling one. */
  readonly threads: number;
}

/** How a task is run. */
export interface RunTask {
  /** The only thread that may run it, by its number. */
  readonly thread?: number;
  /** Buffers of the task that are moved, not copied. */
  readonly transfer?: readonly ArrayBuffer[];
}

/** Tasks that wait at a thread, so that it never idles between two. */
const DEPTH = 2;
/** A thread whose packs wait for the storage with more memory than this gets no further task. */
const MAX_BACKLOG = 8 << 20;

/** One thread, which fills packs of its own. */
interface Lane {
  readonly threads: Threads<PackTask, PackResult>;
  pending: number;
  /** Bytes of memory with what the storage has not used up of its packs. */
  backlog: number;
  /** Memory that goes back to it with the next task. */
  rooms: ArrayBuffer[];
  /** The version of the tables that it knows. */
  version: number;
}

/**
 * Threads that pack, each into packs of its own, and the uploads of those packs. Never more than some tasks are under
 * way, nor more than some MiB wait for the storage, so memory does not follow the data.
 */
export class PackLine {
  readonly uploads: PackUploads;
  readonly #lanes: readonly Lane[];
  readonly #signal: AbortSignal;
  readonly #tables: ChunkTables;
  readonly #shares: boolean;
  #changed: (() => void)[] = [];

  constructor({ setup, threads, tables, ...options }: PackLineOptions) {
    this.#tables = tables;
    this.#shares = threads > 0;
    const lanes = Math.max(1, threads);
    const lane = (n: number) =>
      createThreads<PackSetup, PackTask, PackResult>({
        code,
        inline: (data) => startPackHandler(data, tables),
        data: setup,
        size: Math.min(1, threads),
        name: `lifeboat-pack-${n}`,
      });
    this.#lanes = Array.from({ length: lanes }, (_, n) => ({
      threads: lane(n),
      pending: 0,
      backlog: 0,
      rooms: [],
      version: -1,
    }));
    this.#signal = options.signal;
    this.uploads = new PackUploads({ ...options, onFailed: () => this.#wake() });
    options.signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  /** How many threads there are. */
  get width(): number {
    return this.#lanes.length;
  }

  /** How many tasks are to be under way so that no thread idles. */
  get capacity(): number {
    return DEPTH * this.width;
  }

  /** Runs a task as soon as a thread is free for it, which is what `started` waits for. */
  async start(task: LineTask, options: RunTask = {}): Promise<{ readonly done: Promise<PackResult> }> {
    const lane = await this.#free(task.op, options.thread);
    const done = this.#run(lane, task, options.transfer ?? []);
    done.catch(() => undefined); // whoever waits for it is told
    return { done };
  }

  /** Runs a task. */
  async run(task: LineTask, options: RunTask = {}): Promise<PackResult> {
    return (await this.start(task, options)).done;
  }

  /** Ends open frames, and with `packs` the packs too, and waits until the storage has those. */
  async flush(packs: boolean): Promise<void> {
    await this.#end(packs);
    if (packs) await this.uploads.settled();
  }

  /** Stops threads and puts; the signal is aborted before where not all is done. */
  async stop(): Promise<void> {
    await Promise.all(this.#lanes.map(({ threads }) => threads[Symbol.asyncDispose]()));
    await this.uploads.stopped();
  }

  async #end(packs: boolean): Promise<void> {
    await Promise.all(this.#lanes.map((_, thread) => this.run({ op: "flush", packs }, { thread })));
  }

  async #free(op: PackTask["op"], thread: number | undefined): Promise<Lane> {
    for (;;) {
      this.#signal.throwIfAborted();
      this.uploads.throwIfFailed();
      const lane = this.#pick(op, thread);
      if (lane !== undefined) return lane;
      if (this.#lanes.every(({ pending }) => pending === 0) && this.uploads.isStuck()) {
        await this.#end(true);
        continue;
      }
      await new Promise<void>((resolve) => {
        this.#changed.push(resolve);
      });
    }
  }

  #pick(op: PackTask["op"], thread: number | undefined): Lane | undefined {
    const lanes = thread === undefined ? this.#lanes : this.#lanes.slice(thread, thread + 1);
    // Lists are small, and whatever ends a frame or a pack lets others go on.
    const fills = op === "files" || op === "stretch" || op === "stream";
    let least: Lane | undefined;
    for (const lane of lanes) {
      if (fills && (lane.backlog > MAX_BACKLOG || lane.pending >= DEPTH)) continue;
      if (!fills && lane.pending >= 2 * DEPTH && op !== "flush") continue;
      if (least === undefined || lane.pending < least.pending) least = lane;
    }
    return least;
  }

  async #run(lane: Lane, task: LineTask, transfer: readonly ArrayBuffer[]): Promise<PackResult> {
    const rooms: ArrayBuffer[] = task.op === "scan" ? [] : lane.rooms.splice(0);
    const whole = task.op === "scan" ? task : { ...task, rooms, index: this.#indexFor(lane) };
    lane.pending += 1;
    try {
      const result = await lane.threads.run(whole, { signal: this.#signal, transfer: [...transfer, ...rooms] });
      for (const piece of result.pieces) this.#upload(lane, piece);
      return result;
    } finally {
      lane.pending -= 1;
      this.#wake();
    }
  }

  /** The tables, where the thread knows older ones; the calling thread has them. */
  #indexFor(lane: Lane): SharedTables | null {
    if (!this.#shares) return null;
    this.#tables.grow();
    const shared = this.#tables.share();
    if (shared.version === lane.version) return null;
    lane.version = shared.version;
    return shared;
  }

  #upload(lane: Lane, piece: PackResult["pieces"][number]): void {
    for (const { buffer } of piece.bytes) lane.backlog += buffer.byteLength;
    this.uploads.take(piece, ({ buffer }) => {
      lane.backlog -= buffer.byteLength;
      if (buffer instanceof ArrayBuffer && buffer.byteLength === ROOM_BYTES) lane.rooms.push(buffer);
      this.#wake();
    });
  }

  #wake(): void {
    const waiting = this.#changed;
    this.#changed = [];
    for (const wake of waiting) wake();
  }
}
