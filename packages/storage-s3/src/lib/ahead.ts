import type { BodyOptions } from "@lifeboat/contracts";
import { releaseBytes } from "@lifeboat/threads";
import type { Context } from "./context.ts";
import { linked } from "./linked.ts";
import { fetchSegment, type Opened, type SegmentPlan } from "./segment.ts";

const NOTHING = new Uint8Array(0);
/** Fewer bytes are no trouble to the collector. */
const WORTH_IT = 64 * 1024;

/** A segment that is fetched ahead of its reader; it holds no more than its own length. */
export interface Ahead {
  /** What the object is, once the server has answered. Rejects where that failed. */
  readonly opened: Promise<Opened>;
  /** The bytes, as they come. To be read once; with `reuse` a piece is only good until the next is asked for. */
  read(): AsyncGenerator<Uint8Array>;
  /** Gives it up. */
  close(): void;
}

/** Starts to fetch a segment as soon as the storage's limit lets it. */
export function fetchAhead(context: Context, plan: SegmentPlan, { reuse = false, signal }: BodyOptions): Ahead {
  const stop = linked(signal);
  let room: Uint8Array = NOTHING;
  let filled = 0;
  let held = true;
  let wake: (() => void) | undefined;
  let ended = false;
  const notify = () => wake?.();
  let tell: (version: Opened) => void = () => undefined;
  const opened = new Promise<Opened>((resolve) => {
    tell = resolve;
  });
  const release = () => {
    if (held) context.segments.held -= 1;
    held = false;
  };
  context.segments.held += 1;
  const { memory, connection } = context;
  const roomFor = (bytes: number) => (reuse && bytes >= WORTH_IT ? memory.take(bytes) : Buffer.allocUnsafeSlow(bytes));
  const fetching = context.limits.download(async () => {
    stop.signal.throwIfAborted();
    await fetchSegment(context, plan, stop.signal, tell, (piece, size) => {
      if (filled === 0) room = roomFor(Math.min(plan.end, size) - plan.start);
      room.set(piece, filled);
      filled += piece.length;
      if (connection.owned) releaseBytes(piece); // the collector would come for them late
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
      for (let taken = 0; ; ) {
        signal?.throwIfAborted();
        if (filled > taken) {
          const piece = room.subarray(taken, filled);
          taken = filled;
          yield piece;
        } else if (ended) {
          break;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
      await fetching;
      release();
      memory.give(room);
    },
    close: () => {
      stop.abort(new Error("Nobody reads this any more."));
      release();
      const end = () => memory.give(room); // what is still coming is written to it
      fetching.then(end, end);
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
