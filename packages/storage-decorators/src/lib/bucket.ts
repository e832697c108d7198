import { pause } from "./pause.ts";

/** Tokens saved up while nothing is sent: so many milliseconds' worth. */
const BURST_MS = 100;

/**
 * A token bucket of bytes, shared by all who take from it, in the order they ask.
 * Whoever asks while it is empty waits until what was taken before has refilled.
 */
export class Bucket {
  readonly #rate: number;
  /** When everything that was taken will have refilled, by the monotonic clock. */
  #full = Number.NEGATIVE_INFINITY;

  constructor(bytesPerSecond: number) {
    this.#rate = bytesPerSecond / 1000;
  }

  /** A piece that takes about a twentieth of a second, 1 KiB to 1 MiB: larger ones would come in jerks. */
  get step(): number {
    return Math.min(1024 * 1024, Math.max(1024, Math.floor(this.#rate * 50)));
  }

  /** Resolves when so many bytes may pass. */
  async take(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    const now = performance.now();
    const cost = bytes / this.#rate;
    const begin = Math.max(this.#full, now - BURST_MS);
    this.#full = begin + cost;
    const wait = this.#full - now;
    if (wait <= 0) return;
    try {
      await pause(wait, signal);
    } catch (error) {
      this.#full -= cost; // it has not passed: those behind it need not wait for it
      throw error;
    }
  }
}
