import { printTime } from "./print.ts";
import { turn } from "./still.ts";

interface Event {
  readonly at: number;
  readonly run: () => void;
  readonly wakes: boolean;
}

/** Time, and what is to happen in it. Nothing happens but what is in its queue. */
export interface World {
  /** Milliseconds since 1970, as nobody in it knows them: every host and storage has a clock of its own. */
  readonly now: number;
  readonly steps: number;
  /** Lets something happen that wakes no code, at once or later; the answer takes it out again. */
  at(time: number, run: () => void): () => void;
  /** The same for what code waits for: all of it that can go on goes on before anything else happens. */
  wakeAt(time: number, run: () => void): () => void;
  /** Lets happen what is to happen, one after the other, until `isOver` or nothing is left. */
  run(isOver?: () => boolean): Promise<void>;
  /** Notes what happened, where somebody wants to read it. */
  note(line: () => string): void;
}

/** Options of {@link createWorld}. */
export interface WorldOptions {
  /** When it begins. Default: with the year 2026. */
  readonly beginning?: number | undefined;
  /** More than any run takes: something goes round in circles. Default: 60,000. */
  readonly maxSteps?: number | undefined;
}

/** Makes a world. `trace` is told what happens in it. */
export function createWorld(
  trace?: (line: string) => void,
  { beginning = Date.UTC(2026, 0, 1), maxSteps = 60_000 }: WorldOptions = {},
): World {
  const queue: Event[] = []; // by time, the next at the end
  let now = beginning;
  let steps = 0;

  /** Before everything that is as late: of two at one instant the first comes first. */
  function place(at: number): number {
    let [low, high] = [0, queue.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((queue[middle]?.at ?? 0) > at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function add(event: Event): () => void {
    queue.splice(place(event.at), 0, event);
    return () => {
      const index = queue.indexOf(event);
      if (index !== -1) queue.splice(index, 1);
    };
  }

  return {
    get now() {
      return now;
    },
    get steps() {
      return steps;
    },
    at: (time, run) => add({ at: Math.max(time, now), run, wakes: false }),
    wakeAt: (time, run) => add({ at: Math.max(time, now), run, wakes: true }),
    async run(isOver = () => false) {
      await turn();
      while (!isOver()) {
        const event = queue.pop();
        if (event === undefined) return;
        if (steps++ > maxSteps) throw new Error(`It has not ended after ${maxSteps} steps.`);
        now = event.at;
        event.run();
        if (event.wakes) await turn();
      }
    },
    note(line) {
      trace?.(`${printTime(now - beginning)} ${line()}`);
    },
  };
}
