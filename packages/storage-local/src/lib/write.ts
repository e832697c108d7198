import type { FileHandle } from "node:fs/promises";
import { blockWriter } from "@lifeboat/disk";

/** Arrays are written in slices, so that an abort need not wait for gigabytes. */
const SLICE = 8 * 1024 * 1024;

/**
 * Writes a body to a file from its beginning and answers how many bytes it had.
 * A piece is on its way to the file, or copied, before the next one is pulled.
 *
 * @param flush whether to begin writing back to the disk early
 */
export async function writeBody(
  file: FileHandle,
  body: AsyncIterable<Uint8Array>,
  { flush, signal }: { flush: boolean; signal?: AbortSignal | undefined },
): Promise<number> {
  await using out = blockWriter(file.fd, { flush: flush ? () => file.datasync() : undefined });
  for await (const piece of body) {
    for (let at = 0; at < piece.length; at += SLICE) {
      signal?.throwIfAborted();
      await out.write(piece.subarray(at, at + SLICE));
    }
    signal?.throwIfAborted();
  }
  return await out.end();
}
