import type { Connection } from "./connection.ts";
import type { Line } from "./line.ts";
import { Lost } from "./lost.ts";
import type { Patience } from "./patience.ts";
import { closeHandle, type Handle } from "./requests.ts";

/** A file that is open on one connection. */
export interface Lane {
  readonly on: Connection;
  readonly handle: Handle;
  /** Requests in flight. */
  load: number;
}

/** Opens the file of a transfer. `again`: it was open before, and the connection was lost. */
export type OpenLane = (on: Connection, again: boolean) => Promise<Handle>;

/** Nearer than this, one more connection keeps the server's processors busy; farther, all of them are needed. */
const NEAR_MS = 3;
const LANES_NEAR = 2;

/**
 * One file, open on one connection or several. What was under way on a connection
 * that is lost is done again on another, which is made anew where none is left.
 */
export class Lanes {
  readonly #line: Line;
  readonly #open: OpenLane;
  readonly #patience: Patience;
  readonly #signal: AbortSignal | undefined;
  readonly #holds: boolean;
  #lanes: Lane[] = [];
  #opening: Promise<Lane> | null = null;
  #widening = false;
  #closed = false;

  /** @param holds whether connections stay open while nothing is asked of them, until {@link close} */
  constructor(line: Line, open: OpenLane, signal: AbortSignal | undefined, holds = false) {
    this.#holds = holds;
    this.#line = line;
    this.#open = open;
    this.#patience = line.patience();
    this.#signal = signal;
  }

  /** How many connections it is open on. */
  get width(): number {
    return Math.max(1, this.#lanes.length);
  }

  /** Begins on a connection on which the file is open already. */
  begin(on: Connection, handle: Handle): void {
    this.#add({ on, handle, load: 0 });
  }

  /** Does a piece of work on the lane that has the least to do, again where its connection is lost. */
  async use<T>(work: (lane: Lane) => Promise<T>): Promise<T> {
    let lost: Lost | null = null;
    for (;;) {
      const lane = await this.#take(lost);
      lane.load += 1;
      try {
        const result = await work(lane);
        this.#patience.progress();
        return result;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        lost = error;
        this.forget(lane);
      } finally {
        lane.load -= 1;
      }
    }
  }

  /** Opens the file on one more connection, in the background, where that may make it faster. */
  widen(): void {
    const [first] = this.#lanes;
    if (first === undefined || this.#widening || this.#closed) return;
    const most = first.on.roundTripMs < NEAR_MS ? LANES_NEAR : Number.POSITIVE_INFINITY;
    if (this.#lanes.length >= most) return;
    this.#widening = true;
    this.#widen().catch(() => undefined); // it goes on with the lanes that it has
  }

  /** Leaves it to the caller to close the file there: a server gives the same handle to the next file. */
  forget(lane: Lane): void {
    if (!this.#lanes.includes(lane)) return;
    this.#lanes = this.#lanes.filter((one) => one !== lane);
    if (this.#holds) lane.on.release();
  }

  /** Closes the file wherever it is open. */
  async close(): Promise<void> {
    this.#closed = true;
    const lanes = this.#lanes;
    for (const lane of lanes) this.forget(lane);
    // A handle that is not closed here, the server closes with its connection.
    await Promise.allSettled(lanes.map(({ on, handle }) => closeHandle(on, handle)));
  }

  #add(lane: Lane): void {
    this.#lanes.push(lane);
    if (this.#holds) lane.on.hold();
  }

  async #take(lost: Lost | null): Promise<Lane> {
    this.#signal?.throwIfAborted();
    if (this.#closed) throw lost?.error ?? closed();
    const [first, ...others] = this.#lanes;
    if (first !== undefined) return others.reduce((least, one) => (one.load < least.load ? one : least), first);
    this.#opening ??= this.#reopen(lost).finally(() => {
      this.#opening = null;
    });
    return await this.#opening;
  }

  async #reopen(cause: Lost | null): Promise<Lane> {
    for (let lost = cause; ; ) {
      if (lost !== null) await this.#patience.bear(lost, this.#signal);
      try {
        const on = await this.#line.any();
        const lane = { on, handle: await this.#open(on, cause !== null), load: 0 };
        if (this.#closed) {
          await closeHandle(on, lane.handle);
          throw closed();
        }
        this.#add(lane);
        return lane;
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        lost = error;
      }
    }
  }

  async #widen(): Promise<void> {
    try {
      const on = await this.#line.besides(new Set(this.#lanes.map((lane) => lane.on)));
      if (on === null) return; // and it stays so: whoever wants more asks again with the next object
      const lane = { on, handle: await this.#open(on, false), load: 0 };
      if (this.#closed) await closeHandle(on, lane.handle);
      else this.#add(lane);
      this.#widening = false;
    } catch (error) {
      if (error instanceof Lost) this.#widening = false;
      throw error;
    }
  }
}

function closed(): Error {
  return new Error("The file has been closed.");
}
