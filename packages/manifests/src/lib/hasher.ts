import type { AbortOptions } from "@lifeboat/contracts";
import { createThreads } from "@lifeboat/threads";
import code from "./hash.worker.ts?worker-code";
import { type HashResult, type HashTask, hashing } from "./hashing.ts";

/** What a stream of bytes turned out to be. */
export interface StreamDigest {
  readonly size: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Hashes streams, one at a time. Disposing stops its thread. */
export interface Hasher extends AsyncDisposable {
  digest(
    bytes: AsyncIterable<Uint8Array>,
    options?: AbortOptions & { onBytes?(count: number): void },
  ): Promise<StreamDigest>;
}

/** So many pieces are on their way to the thread; the next one waits, and so does the storage. */
const IN_FLIGHT = 4;
/** On the calling thread a piece is cut into this many bytes: half a millisecond of hashing. */
const INLINE_BYTES = 1 << 20;

/** Makes a hasher with a thread of its own, or, where `threaded` is false, on the calling thread. */
export function createHasher(threaded: boolean): Hasher {
  const thread = createThreads<undefined, HashTask, HashResult>({
    code,
    inline: hashing,
    data: undefined,
    size: threaded ? 1 : 0,
    name: "lifeboat hash",
  });

  function cut(piece: Uint8Array): Uint8Array[] {
    if (threaded || piece.length <= INLINE_BYTES) return [piece];
    const count = Math.ceil(piece.length / INLINE_BYTES);
    return Array.from({ length: count }, (_, i) => piece.subarray(i * INLINE_BYTES, (i + 1) * INLINE_BYTES));
  }

  return {
    async digest(bytes, options = {}) {
      const waiting: Promise<unknown>[] = [];
      let size = 0;
      try {
        for await (const piece of bytes) {
          options.signal?.throwIfAborted();
          size += piece.length;
          options.onBytes?.(piece.length);
          for (const slice of cut(piece)) {
            if (waiting.length >= IN_FLIGHT) await waiting.shift();
            const answer = thread.run({ piece: slice }, { transfer: movable(slice) });
            answer.catch(() => undefined); // it is awaited in its turn; until then it must not count as unhandled
            waiting.push(answer);
          }
        }
        await Promise.all(waiting);
      } catch (error) {
        await thread.run({ end: true }); // forgets the half of the stream that it got
        throw error;
      }
      const sha256 = await thread.run({ end: true });
      if (sha256 === null) throw new Error("The hashing thread answered out of turn.");
      return { size, sha256 };
    },
    [Symbol.asyncDispose]: () => thread[Symbol.asyncDispose](),
  };
}

/** The piece's memory, where nobody else can have a share in it. */
function movable(piece: Uint8Array): ArrayBuffer[] {
  const { buffer } = piece;
  return buffer instanceof ArrayBuffer && buffer.byteLength === piece.byteLength ? [buffer] : [];
}
