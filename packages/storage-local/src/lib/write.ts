import type { FileHandle } from "node:fs/promises";

/** Smaller pieces are gathered into one write of this size. */
const GATHER = 512 * 1024;
/** Pieces from this size on are written as they are. */
const DIRECT = 256 * 1024;
/** Arrays are written in slices, so that an abort need not wait for gigabytes. */
const SLICE = 8 * 1024 * 1024;
/** So much is written before the disk is set to work on it, so that the last flush is short. */
const FLUSH = 64 * 1024 * 1024;

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
  await using out = new Writer(file, flush);
  const gather = Buffer.allocUnsafeSlow(GATHER);
  let gathered = 0;
  for await (const piece of body) {
    signal?.throwIfAborted();
    if (piece.length >= DIRECT || gathered + piece.length > GATHER) {
      await out.write(gather.subarray(0, gathered));
      gathered = 0;
    }
    if (piece.length >= DIRECT) {
      for (let at = 0; at < piece.length; at += SLICE) {
        signal?.throwIfAborted();
        await out.write(piece.subarray(at, at + SLICE));
      }
    } else {
      gather.set(piece, gathered);
      gathered += piece.length;
    }
  }
  await out.write(gather.subarray(0, gathered));
  return await out.finish();
}

/** Writes whole arrays one after the other, with at most one early flush under way beside them. */
class Writer implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #flush: boolean;
  #flushing: Promise<void> | null = null;
  #flushed = 0;
  #failure: unknown = null;
  position = 0;

  constructor(file: FileHandle, flush: boolean) {
    this.#file = file;
    this.#flush = flush;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#file.write(bytes, at, bytes.length - at, this.position);
      at += bytesWritten; // a short write goes on where it stopped; a full disk then says so
      this.position += bytesWritten;
    }
    if (this.#failure !== null) throw this.#failure;
    if (this.#flush && this.#flushing === null && this.position - this.#flushed >= FLUSH) this.#startFlush();
  }

  /** Answers how many bytes were written, once the early flush has told how it went. */
  async finish(): Promise<number> {
    await this.#flushing;
    if (this.#failure !== null) throw this.#failure;
    return this.position;
  }

  /** Waits for the early flush: the file must not be closed beneath it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flushing;
  }

  #startFlush(): void {
    this.#flushed = this.position;
    this.#flushing = this.#file
      .datasync()
      .catch((error: unknown) => {
        this.#failure = error; // the next write tells, or finish(): the system reports it only once
      })
      .finally(() => {
        this.#flushing = null;
      });
  }
}
