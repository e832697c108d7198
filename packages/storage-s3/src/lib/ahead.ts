import type { Context } from "./context.ts";
import { linked } from "./linked.ts";
import { fetchSegment, type Opened, type SegmentPlan } from "./segment.ts";

/** A segment that is fetched ahead of its reader; it holds no more than its own length. */
export interface Ahead {
  /** What the object is, once the server has answered. Rejects where that failed. */
  readonly opened: Promise<Opened>;
  /** The pieces, as they come. To be read once. */
  read(): AsyncGenerator<Uint8Array>;
  /** Gives it up. */
  close(): void;
}

/** Starts to fetch a segment as soon as the storage's limit lets it. */
export function fetchAhead(context: Context, plan: SegmentPlan, signal: AbortSignal | undefined): Ahead {
  const stop = linked(signal);
  const pieces: Uint8Array[] = [];
  let wake: (() => void) | undefined;
  let ended = false;
  const notify = () => wake?.();
  let tell: (version: Opened) => void = () => undefined;
  const opened = new Promise<Opened>((resolve) => {
    tell = resolve;
  });
  const fetching = context.limits.download(async () => {
    stop.signal.throwIfAborted();
    await fetchSegment(context, plan, stop.signal, tell, (piece) => {
      pieces.push(piece);
      notify();
    });
  });
  const end = () => {
    ended = true;
    stop[Symbol.dispose]();
    notify();
  };
  fetching.then(end, end); // how it failed is told by read() and opened
  stop.signal.addEventListener("abort", notify, { once: true });
  const known = Promise.race([opened, fetching.then(() => opened), whenAborted(stop.signal)]);
  known.catch(() => undefined); // only the first segment's is awaited; the others' failures are told by read()
  return {
    opened: known,
    async *read() {
      for (;;) {
        signal?.throwIfAborted();
        const ready = pieces.splice(0);
        if (ready.length === 0 && ended) break;
        for (const piece of ready) {
          signal?.throwIfAborted();
          yield piece;
        }
        if (ready.length > 0 || ended) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      await fetching;
    },
    close: () => {
      stop.abort(new Error("Nobody reads this any more."));
      pieces.length = 0;
    },
  };
}

/** Only ever rejects. */
function whenAborted(signal: AbortSignal): Promise<never> {
  const aborted = new Promise<never>((_, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
  aborted.catch(() => undefined); // whoever races with it is told
  return aborted;
}
