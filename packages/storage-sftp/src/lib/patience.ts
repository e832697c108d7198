import { setTimeout as pause } from "node:timers/promises";
import type { Lost } from "./lost.ts";

const FIRST_MS = 100;
const LONGEST_MS = 3000;

/**
 * How long an outage is borne: pauses that double from 100 ms to 3 s, each between
 * half of it and all of it by chance, so that many clients do not come back at once.
 */
export class Patience {
  readonly #budgetMs: number;
  #since: number | null = null;
  #pauseMs = FIRST_MS;

  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs;
  }

  /** Something got through: an outage after this is a new one. */
  progress(): void {
    this.#since = null;
    this.#pauseMs = FIRST_MS;
  }

  /** Waits before the next try. Rejects with the error of `lost` where the budget is used up. */
  async bear(lost: Lost, signal?: AbortSignal): Promise<void> {
    const now = Date.now();
    this.#since ??= now;
    if (now - this.#since >= this.#budgetMs) throw lost.error;
    const left = this.#budgetMs - (now - this.#since);
    const length = Math.min(this.#pauseMs * (0.5 + Math.random() / 2), left);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_MS);
    await pause(length, undefined, { signal });
  }
}
