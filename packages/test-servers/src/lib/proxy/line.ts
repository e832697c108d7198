import EventEmitter, { once } from "node:events";
import type { Cut, Direction, Faults } from "./faults.ts";

/** How much has passed since the faults were set. */
export interface Counter {
  generation: number;
  armed: boolean;
  up: number;
  down: number;
}

/** The faults that hold now, for one or for all connections, and how much has passed under them. */
export class Line {
  readonly #events = new EventEmitter().setMaxListeners(0);
  #faults: Faults = {};
  #cutsLeft = 0;
  #all: Counter = counter(0);
  #timer: NodeJS.Timeout | undefined;

  constructor(faults: Faults) {
    this.set(faults);
  }

  get faults(): Faults {
    return this.#faults;
  }

  /** Replaces the faults. Everything is counted from here on. */
  set(faults: Faults): void {
    clearTimeout(this.#timer);
    this.#faults = faults;
    this.#cutsLeft = faults.cut?.times ?? 1;
    this.#all = counter(this.#all.generation + 1);
    const next = faults.next;
    if (next?.afterMs !== undefined) this.#timer = setTimeout(() => this.set(next.faults), next.afterMs).unref();
    this.#events.emit("change");
  }

  /** No timer goes off any more. */
  close(): void {
    clearTimeout(this.#timer);
  }

  onChange(listener: () => void): void {
    this.#events.on("change", listener);
  }

  async changed(signal: AbortSignal): Promise<void> {
    await once(this.#events, "change", { signal });
  }

  /** A connection's own counter, begun anew where the faults were set since. */
  own(before: Counter | undefined): Counter {
    return before?.generation === this.#all.generation ? before : counter(this.#all.generation);
  }

  /** The cut that this way of a connection waits for. */
  cut(direction: Direction, own: Counter): Cut | undefined {
    const { cut } = this.#faults;
    if (cut?.direction !== direction || this.#cutsLeft <= 0) return undefined;
    return cut.armedBy === undefined || own.armed ? cut : undefined;
  }

  /** How many bytes may still pass before the cut. */
  room(cut: Cut, own: Counter): number {
    const counted = cut.each === true || cut.armedBy !== undefined ? own : this.#all;
    return Math.max(0, cut.afterBytes - counted[cut.direction]);
  }

  passed(direction: Direction, bytes: number, own: Counter): void {
    this.#all[direction] += bytes;
    own[direction] += bytes;
    const { next } = this.#faults;
    if (next?.afterBytes === undefined || (next.direction ?? "up") !== direction) return;
    if (this.#all[direction] >= next.afterBytes) this.set(next.faults);
  }

  /** A cut has happened. */
  spent(own: Counter): void {
    this.#cutsLeft -= 1;
    for (const one of [this.#all, own]) Object.assign(one, { up: 0, down: 0, armed: false });
  }
}

function counter(generation: number): Counter {
  return { generation, armed: false, up: 0, down: 0 };
}
