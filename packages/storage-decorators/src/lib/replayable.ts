const BRAND = Symbol.for("lifeboat.replayable");

/** A body that begins anew each time it is iterated. Made by {@link replayable}. */
export interface ReplayableBody extends AsyncIterable<Uint8Array> {
  readonly [BRAND]: true;
}

/**
 * A body that can be sent again from its beginning, however long it is: `open` is
 * called for each attempt and must yield the same bytes. What `withRetry` needs to
 * send a long body again; every storage takes it as it takes any other.
 */
export function replayable(open: () => AsyncIterable<Uint8Array>): ReplayableBody {
  return { [BRAND]: true, [Symbol.asyncIterator]: () => open()[Symbol.asyncIterator]() };
}

export function isReplayable(body: object): body is ReplayableBody {
  return BRAND in body;
}
