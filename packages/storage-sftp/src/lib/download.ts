import { LifeboatError } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import { inTheWay, missing } from "./errors.ts";
import { requestsInFlight, WIDEN_AFTER } from "./flight.ts";
import { Lanes } from "./lanes.ts";
import type { Line } from "./line.ts";
import { isRefusal, STATUS } from "./lost.ts";
import { closeHandle, type Found, type Handle, look, OPEN, openFile, readAt, statHandle } from "./requests.ts";

/** What to read. */
export interface Wanted {
  readonly key: string;
  readonly path: string;
  readonly start: number;
  /** `Infinity` for all there is. */
  readonly end: number;
}

/** So many of the first bytes are compared on each connection that the file is opened on later. */
const SAMPLE = 4096;
const OPERATION = "storage.get";

/**
 * Reads a file with many requests in flight, in order. At most what is in flight is
 * held: a caller that does not pull is not read for. Where a connection is lost, or
 * a further one is used, the file must still be the same one there.
 */
export async function* download(
  line: Line,
  wanted: Wanted,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const reader = new Reader(line, wanted, signal);
  try {
    yield* reader.pieces();
  } finally {
    void reader.lanes.close(); // nobody needs to wait for that
  }
}

class Reader {
  readonly lanes: Lanes;
  readonly #wanted: Wanted;
  #first: Found | null = null;
  #sample: Buffer | null = null;

  constructor(line: Line, wanted: Wanted, signal: AbortSignal | undefined) {
    this.#wanted = wanted;
    this.lanes = new Lanes(line, (on) => this.#open(on), signal);
  }

  async *pieces(): AsyncGenerator<Uint8Array> {
    const { start, end } = this.#wanted;
    const { size, chunk } = await this.lanes.use(async ({ on }) => ({
      size: this.#first?.size ?? 0,
      chunk: on.maxRead,
    }));
    const stop = Math.min(end, size);
    const ahead: Promise<Buffer>[] = [];
    let asked = start;
    const fill = () => {
      while (asked < stop && ahead.length < this.lanes.width * requestsInFlight(chunk)) {
        const piece = this.#piece(asked, Math.min(chunk, stop - asked));
        piece.catch(() => undefined); // told when it is awaited, which may be long after it failed
        ahead.push(piece);
        asked += chunk;
      }
    };
    fill();
    for (let next = ahead.shift(), given = 0; next !== undefined; next = ahead.shift()) {
      const piece = await next;
      given += piece.length;
      this.#sample ??= Buffer.from(piece.subarray(0, SAMPLE));
      if (given >= this.lanes.width * WIDEN_AFTER && stop - asked > WIDEN_AFTER) this.lanes.widen();
      fill();
      yield piece;
    }
    await this.#stayed();
  }

  /**
   * Some servers follow the name rather than the file that was opened (rclone does):
   * one that has no real files to flush is asked at the end whether it is still the same.
   */
  async #stayed(): Promise<void> {
    await this.lanes.use(async ({ on }) => {
      if (on.has("fsync@openssh.com")) return;
      await closeHandle(on, await this.#open(on));
    });
  }

  async #piece(at: number, length: number): Promise<Buffer> {
    const bytes = Buffer.allocUnsafeSlow(length);
    await this.lanes.use(async ({ on, handle }) => {
      if ((await readWhole(on, handle, bytes, at)) < length) throw cutOff(this.#wanted.key, at);
    });
    return bytes;
  }

  async #open(on: Connection): Promise<Handle> {
    const { key, path, start } = this.#wanted;
    let handle: Handle;
    try {
      const [opened, there] = await Promise.allSettled([openFile(on, path, OPEN.read), look(on, path)]);
      if (opened.status === "rejected") throw opened.reason;
      handle = opened.value;
      if (there.status === "fulfilled" && there.value?.type === "link") {
        void closeHandle(on, handle).catch(() => undefined); // the server closes it with the connection
        throw inTheWay(path, "a link", OPERATION, key);
      }
    } catch (error) {
      if (!isRefusal(error, STATUS.missing)) throw error;
      throw this.#first === null ? missing(key, OPERATION) : replaced(key);
    }
    try {
      const found = await statHandle(on, handle);
      if (found.type !== "file") throw missing(key, OPERATION);
      const first = this.#first;
      this.#first ??= found;
      if (first === null) return handle;
      const same = first.size === found.size && first.modified.getTime() === found.modified.getTime();
      if (!same || !(await this.#sampleFits(on, handle, start))) throw replaced(key);
      return handle;
    } catch (error) {
      await closeHandle(on, handle).catch(() => undefined); // the first failure is what counts
      throw error;
    }
  }

  /** Times are whole seconds here, so an object that was replaced at once may have the same. */
  async #sampleFits(on: Connection, handle: Handle, start: number): Promise<boolean> {
    if (this.#sample === null) return true;
    const bytes = Buffer.alloc(this.#sample.length);
    await readWhole(on, handle, bytes, start);
    return bytes.equals(this.#sample);
  }
}

/** Reads until `bytes` is full or the file ends, and answers how many there were: a server may give less than was asked. */
async function readWhole(on: Connection, handle: Handle, bytes: Buffer, at: number): Promise<number> {
  let length = 0;
  while (length < bytes.length) {
    const got = await readAt(on, handle, bytes.subarray(length), at + length);
    if (got === 0) break;
    length += got;
  }
  return length;
}

function replaced(key: string): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation: OPERATION,
    key,
    message: `Expected ${JSON.stringify(key)} to stay the same while it was read, but it was replaced or deleted.`,
    hint: "Read it again.",
    retryable: true,
  });
}

function cutOff(key: string, at: number): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: OPERATION,
    key,
    message: `Expected more bytes in ${JSON.stringify(key)} than there are: it was cut off after ${at} while it was read.`,
    hint: "Something else changes files in the storage's directory; verify the backups in it.",
  });
}
