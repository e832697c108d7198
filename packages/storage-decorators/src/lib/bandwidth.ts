import type { Storage } from "@lifeboat/contracts";
import { inPieces } from "./bodies.ts";
import { Bucket } from "./bucket.ts";
import { decorated } from "./decorated.ts";
import { atLeast } from "./options.ts";

/** Options of {@link withBandwidthLimit}, in bytes per second. Default of each: no limit. */
export interface BandwidthOptions {
  /** Of all puts together. */
  readonly upload?: number;
  /** Of all gets together. */
  readonly download?: number;
}

/**
 * The storage, with a limit on how many bytes pass in a second, over all calls
 * together: a token bucket each way, with a tenth of a second of burst. Only the
 * content of objects is counted; what a storage sends again by itself is not.
 *
 * @throws INVALID where a limit is below 1
 */
export function withBandwidthLimit(inner: Storage, options: BandwidthOptions): Storage {
  const up = bucketOf(options.upload, "upload");
  const down = bucketOf(options.download, "download");

  return decorated(inner, {
    ...(up === null
      ? {}
      : {
          async put(key, body, o) {
            if (body instanceof Uint8Array && body.length <= up.step) {
              await up.take(body.length, o?.signal);
              return await inner.put(key, body, o);
            }
            const pieces = body instanceof Uint8Array ? inPieces(body, up.step) : body;
            return await inner.put(key, paced(pieces, up, o?.signal), o);
          },
        }),
    ...(down === null
      ? {}
      : {
          async *get(key, o) {
            yield* paced(inner.get(key, o), down, o?.signal);
          },
        }),
  });
}

function bucketOf(rate: number | undefined, option: string): Bucket | null {
  return rate === undefined ? null : new Bucket(atLeast(1, rate, "withBandwidthLimit", option));
}

async function* paced(
  body: AsyncIterable<Uint8Array>,
  bucket: Bucket,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  for await (const piece of body) {
    for (let at = 0; at < piece.length; at += bucket.step) {
      const part = piece.subarray(at, at + bucket.step);
      await bucket.take(part.length, signal);
      yield part;
    }
  }
}
