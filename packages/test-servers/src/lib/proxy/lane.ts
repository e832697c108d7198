import type { Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { Cut, Direction, Faults } from "./faults.ts";
import { concerns } from "./faults.ts";
import type { Counter, Line } from "./line.ts";
import { Queue } from "./queue.ts";

/** How often a second a throttled lane sends. */
const STEPS = 50;

/** A throttled lane catches up with timers that were so late, in milliseconds; after more, it was idle. */
const LATE_MS = 200;

/** So much is read ahead of what was sent, so that the sender feels a throttle or a stall. */
const AHEAD = 256 * 1024;
/** The same where bytes are under way for a while: 200 MB/s at 40 ms. */
const AHEAD_WITH_LATENCY = 8 * 1024 * 1024;

function ahead({ latencyMs = 0, bytesPerSecond }: Faults): number {
  if (latencyMs === 0) return AHEAD;
  return bytesPerSecond === undefined ? AHEAD_WITH_LATENCY : AHEAD + (bytesPerSecond * latencyMs) / 1000;
}

/** What a lane needs of its connection. */
export interface LaneOwner {
  readonly line: Line;
  /** Aborted when the connection is over. */
  readonly signal: AbortSignal;
  /** Set where bytes or closings were thrown away: neither side is told of the other's end any more. */
  dead: boolean;
  counter(): Counter;
  passed(direction: Direction, bytes: number): void;
  swallowed(bytes: number): void;
  cut(cut: Cut): Promise<void>;
}

/** Carries what one socket receives to the other one, through the faults of its line. */
export class Lane {
  readonly #owner: LaneOwner;
  readonly #direction: Direction;
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #queue = new Queue();
  /** Bytes were thrown away: what follows would be garbage. */
  #dead = false;
  /** When a throttled lane may send again. */
  #free = 0;

  constructor(owner: LaneOwner, direction: Direction, from: Socket, to: Socket) {
    this.#owner = owner;
    this.#direction = direction;
    this.#from = from;
    this.#to = to;
  }

  /** Resolves when both sides have seen the end; rejects when the connection is over before that. */
  async run(): Promise<void> {
    await Promise.all([this.#receive(), this.#send()]);
  }

  async #receive(): Promise<void> {
    const { signal } = this.#owner;
    for await (const bytes of this.#from.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      await this.#queue.add(bytes, ahead(this.#owner.line.faults), signal);
    }
    this.#queue.end();
  }

  async #send(): Promise<void> {
    const { line, signal } = this.#owner;
    for (;;) {
      const item = await this.#queue.take(signal);
      const due = (item?.arrived ?? performance.now()) + (line.faults.latencyMs ?? 0);
      const early = due - performance.now();
      if (early > 0) await pause(early, undefined, { signal });
      if (item === null) break;
      await this.#forward(item.bytes);
    }
    if (await this.#opens()) this.#to.end();
  }

  async #forward(bytes: Uint8Array): Promise<void> {
    const { line } = this.#owner;
    this.#arm(bytes);
    for (let at = 0; at < bytes.length; ) {
      if (!(await this.#opens())) return this.#owner.swallowed(bytes.length - at);
      const own = this.#owner.counter();
      const cut = line.cut(this.#direction, own);
      const room = cut === undefined ? Number.POSITIVE_INFINITY : line.room(cut, own);
      const rate = line.faults.bytesPerSecond;
      const step = rate === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(rate / STEPS));
      const piece = bytes.subarray(at, at + Math.min(room, step));
      at += piece.length;
      if (piece.length > 0) await this.#write(piece);
      if (cut !== undefined && piece.length === room) {
        line.spent(own);
        await this.#owner.cut(cut);
        return;
      }
      line.passed(this.#direction, piece.length, own);
      this.#owner.passed(this.#direction, piece.length);
      if (rate !== undefined) await this.#pace(piece.length / rate);
    }
  }

  /** Waits for so many seconds since the last time, so that a timer that is late makes nothing slower. */
  async #pace(seconds: number): Promise<void> {
    const now = performance.now();
    const since = now - this.#free > LATE_MS ? now : this.#free;
    this.#free = since + seconds * 1000;
    if (this.#free > now) await pause(this.#free - now, undefined, { signal: this.#owner.signal });
  }

  #arm(bytes: Uint8Array): void {
    const { cut } = this.#owner.line.faults;
    if (cut?.armedBy === undefined || this.#direction !== "up") return;
    const own = this.#owner.counter();
    if (own.armed || !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(cut.armedBy)) return;
    Object.assign(own, { armed: true, up: 0, down: 0 });
  }

  /** Waits out a stall. Answers whether there still is a way: not in a black hole. */
  async #opens(): Promise<boolean> {
    const { line, signal } = this.#owner;
    while (concerns(line.faults.stall, this.#direction)) await line.changed(signal);
    if (concerns(line.faults.blackhole, this.#direction)) {
      this.#dead = true;
      this.#owner.dead = true;
    }
    return !this.#dead;
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#to.write(bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}
