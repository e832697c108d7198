import EventEmitter, { once } from "node:events";

interface Item {
  readonly bytes: Uint8Array;
  /** By the monotonic clock, in milliseconds. */
  readonly arrived: number;
}

/** What is on its way: filled as fast as it arrives, up to a bound, and emptied when its time has come. */
export class Queue {
  readonly #events = new EventEmitter();
  readonly #items: Item[] = [];
  #bytes = 0;
  #ended = false;

  /** Resolves when no more than `most` bytes wait. */
  async add(bytes: Uint8Array, most: number, signal: AbortSignal): Promise<void> {
    this.#items.push({ bytes, arrived: performance.now() });
    this.#bytes += bytes.length;
    this.#events.emit("more");
    while (this.#bytes > most) await once(this.#events, "less", { signal });
  }

  end(): void {
    this.#ended = true;
    this.#events.emit("more");
  }

  /** The next item, or `null` at the end. */
  async take(signal: AbortSignal): Promise<Item | null> {
    for (;;) {
      signal.throwIfAborted();
      const item = this.#items.shift();
      if (item !== undefined) {
        this.#bytes -= item.bytes.length;
        this.#events.emit("less");
        return item;
      }
      if (this.#ended) return null;
      await once(this.#events, "more", { signal });
    }
  }
}
