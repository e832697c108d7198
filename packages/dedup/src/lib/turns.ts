import { setImmediate as nextTurn } from "node:timers/promises";

/** So many milliseconds of work are done before others get their turn. */
const TURN_MS = 5;

/** Lets a host's event loop go on while something long is worked on. */
export class Turns {
  #since = performance.now();

  /** Whether others have waited long enough; asked often, it costs next to nothing. */
  isOver(): boolean {
    return performance.now() - this.#since >= TURN_MS;
  }

  /** Lets others go first, and begins a new turn. */
  async next(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}
