import { write as writeCallback } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import { BLOCK_BYTES, type BlockPair, giveBlocks, takeBlocks } from "./blocks.ts";
import { openDirect } from "./direct.ts";
import { dataRuns } from "./runs.ts";

const write = promisify(writeCallback);

/** What direct writes are aligned to: the page size, and more than any disk's sector. */
const ALIGNMENT = 4096;
/** So much is written to the page cache before the disk is set to work on it, so that the last flush is short. */
const FLUSH_BYTES = 64 * 1024 * 1024;

/** How a file is written. */
export interface BlockWriterOptions {
  /** Whether aligned stretches of 64 KiB of zeros become holes. The caller sets the file's size at the end. Default: `false`. */
  readonly sparse?: boolean | undefined;
  /** Called now and then to set what went through the page cache on its way to the disk, so that the last flush is short. Default: never. */
  readonly flush?: (() => Promise<void>) | undefined;
}

/**
 * Writes a file from its beginning. One of two blocks (4 MiB) and more goes past the page cache where the
 * file system takes that (ext4 and XFS on Linux): the memory of the host's own data
 * stays warm, and no copy is made in the kernel.
 */
export interface BlockWriter extends AsyncDisposable {
  /** Bytes taken so far. */
  readonly size: number;
  /**
   * Appends bytes; when it resolves, they are used up. One write is under way meanwhile,
   * and its error is this call's or the next one's.
   *
   * @throws the system's error (`ENOSPC`, `EIO`, …)
   */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Writes what is left, waits for all of it, and answers how many bytes there were.
   * It does not flush the file: call `fsync` on it afterwards.
   *
   * @throws the system's error
   */
  end(): Promise<number>;
}

/**
 * Makes a writer on an open file, which stays the caller's: dispose of the writer
 * before the file is closed.
 */
export function blockWriter(fd: number, { sparse = false, flush }: BlockWriterOptions = {}): BlockWriter {
  return new Writer(fd, sparse, flush);
}

class Writer implements BlockWriter {
  readonly #fd: number;
  readonly #sparse: boolean;
  readonly #flush: BlockWriterOptions["flush"];
  /** `null` once disposed of: they are another writer's then. */
  #blocks: BlockPair | null = takeBlocks();
  #filling: 0 | 1 = 0;
  #filled = 0;
  /** Where the block that is being filled begins in the file. */
  #start = 0;
  /** Whether the first block waits until it is known whether the file is large: small ones are likely to be read soon. */
  #waiting = false;
  /** The way past the page cache, where there is one. */
  #direct: FileHandle | null = null;
  #writing: Promise<void> = Promise.resolve();
  #flushing: Promise<void> = Promise.resolve();
  #flushed = 0;

  constructor(fd: number, sparse: boolean, flush: BlockWriterOptions["flush"]) {
    this.#fd = fd;
    this.#sparse = sparse;
    this.#flush = flush;
  }

  get size(): number {
    return this.#start + this.#filled;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const blocks = this.#memory();
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + BLOCK_BYTES - this.#filled);
      blocks[this.#filling].set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === BLOCK_BYTES) await this.#next();
    }
  }

  async end(): Promise<number> {
    await this.#next(true);
    await this.#writing;
    await this.#flushing;
    return this.#start;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const blocks = this.#blocks;
    this.#blocks = null;
    await Promise.allSettled([this.#writing, this.#flushing]);
    if (blocks !== null) giveBlocks(blocks);
    const direct = this.#direct;
    this.#direct = null;
    await direct?.close();
  }

  #memory(): BlockPair {
    if (this.#blocks === null) throw new Error("The writer has been disposed of.");
    return this.#blocks;
  }

  /** Sets the block on its way once the one before has arrived, and goes on with the other. */
  async #next(last = false): Promise<void> {
    await this.#writing;
    const [block, start] = [this.#memory()[this.#filling].subarray(0, this.#filled), this.#start];
    if (this.#waiting) {
      this.#waiting = false;
      if (block.length === BLOCK_BYTES) this.#direct = await openDirect(this.#fd);
      await this.#put(this.#memory()[0], 0);
    }
    if (start === 0 && !last) this.#waiting = true;
    else {
      this.#writing = this.#put(block, start);
      this.#writing.catch(() => undefined); // awaited with the next block or at the end
    }
    this.#filling = this.#filling === 0 ? 1 : 0;
    this.#start += this.#filled;
    this.#filled = 0;
  }

  async #put(block: Uint8Array, start: number): Promise<void> {
    const runs = this.#sparse ? dataRuns(block) : [block];
    for (const run of runs) {
      const at = start + run.byteOffset - block.byteOffset;
      const aligned = run.length - (run.length % ALIGNMENT);
      const done = aligned > 0 && (await this.#putDirect(run.subarray(0, aligned), at)) ? aligned : 0;
      if (done < run.length) await this.#putCached(run.subarray(done), at + done);
    }
  }

  /** Whether the bytes could be written past the page cache. */
  async #putDirect(bytes: Uint8Array, start: number): Promise<boolean> {
    const file = this.#direct;
    if (file === null) return false;
    try {
      const { bytesWritten } = await file.write(bytes, 0, bytes.length, start);
      if (bytesWritten === bytes.length) return true;
    } catch (error) {
      // EINVAL: this disk wants another alignment. ENOSPC and EIO: the other way tells, or finds the last bytes of room.
      if (!(error instanceof Error && "code" in error)) throw error;
    }
    this.#direct = null;
    await file.close();
    return false;
  }

  async #putCached(bytes: Uint8Array, start: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await write(this.#fd, bytes, at, bytes.length - at, start + at);
      at += bytesWritten; // a short write goes on where it stopped; a full disk then says so
    }
    if (this.#flush === undefined || start + bytes.length - this.#flushed < FLUSH_BYTES) return;
    await this.#flushing;
    this.#flushed = start + bytes.length;
    this.#flushing = this.#flush();
    this.#flushing.catch(() => undefined); // the system reports it only once: awaited before the next flush or at the end
  }
}
