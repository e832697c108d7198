import { watchBody } from "./bodies.ts";
import { Recording } from "./recording.ts";
import { isReplayable } from "./replayable.ts";

/** A body for several attempts. */
export interface RetryBody {
  /** The body for one attempt, from its beginning. */
  open(): Uint8Array | AsyncIterable<Uint8Array>;
  /** Whether the last attempt's failure was the body's own. */
  readonly failed: boolean;
  readonly replayable: boolean;
  /** All of the body, where it is known to have been sent whole; else `null`. */
  all(): AsyncIterable<Uint8Array> | null;
  close(): Promise<void>;
}

/** A body as one that can be sent again, as far as that is possible within `limit` bytes of memory. */
export function retryBody(body: Uint8Array | AsyncIterable<Uint8Array>, limit: number): RetryBody {
  if (body instanceof Uint8Array) return fixed(body);
  return isReplayable(body) ? reopened(body) : recorded(new Recording(body, limit));
}

function fixed(bytes: Uint8Array): RetryBody {
  return {
    open: () => bytes,
    failed: false,
    replayable: true,
    async *all() {
      yield bytes;
    },
    close: async () => undefined,
  };
}

function reopened(body: AsyncIterable<Uint8Array>): RetryBody {
  let current = watchBody(body);
  return {
    open() {
      current = watchBody(body);
      return current;
    },
    get failed() {
      return current.failed;
    },
    get replayable() {
      return !current.failed;
    },
    all: () => body,
    close: async () => undefined,
  };
}

function recorded(recording: Recording): RetryBody {
  return {
    open: () => recording.open(),
    get failed() {
      return recording.failed;
    },
    get replayable() {
      return recording.replayable;
    },
    all: () => (recording.whole ? recording.open() : null),
    close: () => recording.close(),
  };
}
