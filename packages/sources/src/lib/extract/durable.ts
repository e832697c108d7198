import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mountsBeneath } from "../fs/mounts.ts";

const run = promisify(execFile);

/**
 * Asks the system to write all that is on a directory's file system to its disk, and
 * waits for that: syncfs(2), which Node does not offer, by coreutils' `sync -f`. For many
 * small files it is by far cheaper than an fsync of each: the journal is written once.
 *
 * @returns whether that was possible
 */
export async function syncFileSystem(root: string, signal: AbortSignal): Promise<boolean> {
  const paths = [root, ...mountsBeneath(root)];
  if (process.platform !== "linux" || !paths.every((path) => path.isWellFormed())) return false;
  try {
    await run("sync", ["-f", "--", ...paths], { signal });
    return true;
  } catch {
    signal.throwIfAborted();
    return false; // no such program, or not this option, or the disk failed: syncing each file will tell
  }
}

/** So much is written before the disk is set to work on it, so that the last flush is short. */
const EARLY_BYTES = 128 * 1024 * 1024;

/**
 * Sets the disk to work while a restore still goes on: one flush at a time, and none waits
 * for it. The system tells of an error once: after {@link failed} no later flush is to be trusted.
 */
export class EarlySync implements AsyncDisposable {
  readonly #root: string;
  readonly #stop = new AbortController();
  #bytes = 0;
  #running: Promise<void> | null = null;
  #failed = false;

  constructor(root: string) {
    this.#root = root;
  }

  /** Tells of bytes that were written. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < EARLY_BYTES || this.#running !== null || this.#failed) return;
    this.#bytes = 0;
    this.#running = syncFileSystem(this.#root, this.#stop.signal)
      .catch(() => false) // stopped: nobody asks any more
      .then((done) => {
        this.#running = null;
        this.#failed = !done;
      });
  }

  /** Whether a flush has failed, or could not be made. */
  get failed(): boolean {
    return this.#failed;
  }

  /** Waits for the flush that is under way. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
