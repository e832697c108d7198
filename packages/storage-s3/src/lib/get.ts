import { type GetOptions, resolveRange } from "@lifeboat/contracts";
import { type Ahead, fetchAhead } from "./ahead.ts";
import type { Context } from "./context.ts";
import { nameOf } from "./keys.ts";
import { look, missing } from "./stat.ts";

const OPERATION = "storage.get";
/** A segment is one request; read ahead are as many as the storage's download concurrency. */
const SEGMENT = 4 * 1024 * 1024;

/**
 * Reads an object in segments, several of them on their way at once. How many are
 * read ahead grows with what was read already, so that whoever wants little, or is
 * slow, does not fetch much. Every request is for a segment and is taken in as
 * fast as it comes: a slow reader never makes a connection idle. Several readers
 * share what is read ahead, but each has its next segment.
 */
export async function* get(
  context: Context,
  key: string,
  { range, reuse, signal }: GetOptions,
): AsyncGenerator<Uint8Array> {
  const options = { reuse, signal };
  const name = nameOf(context.settings, key, OPERATION);
  const { start, end } = resolveRange(range, OPERATION, key);
  if (start === end) {
    if ((await look(context, key, OPERATION, { signal })) === null) throw missing(key, OPERATION);
    return;
  }
  const ahead: Ahead[] = [];
  const most = context.settings.downloadConcurrency + 1;
  /** How many segments may be ahead now: at least the one that is read and the next. */
  const roomFor = (window: number) => (context.segments.held < most ? window : 2);
  try {
    const first = fetchAhead(context, { key, name, start, end: Math.min(end, start + SEGMENT) }, options);
    ahead.push(first);
    const version = await first.opened;
    if (version === null) return;
    const stop = Math.min(end, version.size);
    let next = start + SEGMENT;
    let window = 2;
    for (let current = ahead[0]; current !== undefined; current = ahead[0]) {
      for (; next < stop && ahead.length < roomFor(window); next += SEGMENT) {
        const plan = { key, name, start: next, end: Math.min(stop, next + SEGMENT), version };
        ahead.push(fetchAhead(context, plan, options));
      }
      yield* current.read();
      ahead.shift();
      window = Math.min(window + 1, most);
    }
  } finally {
    for (const segment of ahead) segment.close();
  }
}
