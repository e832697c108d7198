import { through } from "./through.ts";

/** The array as a body of pieces of one size. */
export async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** A body that remembers whether an error is its own, and so none of the storage's. */
export interface WatchedBody extends AsyncIterable<Uint8Array> {
  readonly failed: boolean;
}

export function watchBody(body: AsyncIterable<Uint8Array>): WatchedBody {
  let failed = false;
  return {
    get failed() {
      return failed;
    },
    [Symbol.asyncIterator]: () =>
      through(body, async (pull) => {
        try {
          return await pull();
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
  };
}
