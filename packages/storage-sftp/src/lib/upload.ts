import { crc32 } from "node:zlib";
import { LifeboatError } from "@lifeboat/contracts";
import type { Connection } from "./connection.ts";
import { requestsInFlight, WIDEN_AFTER } from "./flight.ts";
import { Lanes } from "./lanes.ts";
import type { Line } from "./line.ts";
import { Refusal } from "./lost.ts";
import { flush, type Handle, OPEN, openFile, readAt, writeAt } from "./requests.ts";

/** The file that an upload goes to, open on its first connection. */
export interface Target {
  readonly path: string;
  readonly on: Connection;
  readonly handle: Handle;
}

/** How an upload goes about it. */
export interface UploadOptions {
  readonly line: Line;
  readonly key: string;
  /** Whether the server flushes to its disk. */
  readonly flushes: boolean;
  /** Whether the file may be opened several times; not asked before it matters. */
  readonly reopens: () => Promise<boolean>;
  readonly signal: AbortSignal | undefined;
}

/** So much is acknowledged before the server is set to flush it, so that little must be looked at after a cut. */
const FLUSH_AFTER = 256 * 1024 * 1024;
/** Checksums of so many chunks are kept, where the server does not flush: some megabytes. */
const MOST_REMEMBERED = 65_536;

/**
 * Writes a body to a file with many requests in flight. Pieces are gathered into
 * chunks of the server's largest write; each is kept until it is acknowledged, and
 * sent again where the connection went before. What was acknowledged but not
 * flushed is compared after a cut, because the server itself may have been what failed.
 */
export class Upload {
  readonly lanes: Lanes;
  readonly #options: UploadOptions;
  readonly #chunk: number;
  readonly #free: Buffer[] = [];
  /** Checksums of what is acknowledged and not flushed, by offset. */
  readonly #unflushed = new Map<number, { readonly length: number; readonly crc: number }>();
  /** Whether there was more than could be remembered: then a cut is the end. */
  #forgetful = false;
  #sent = 0;
  #flights = 0;
  #acknowledged = 0;
  #flushedTo = 0;
  #flushing: Promise<void> | null = null;
  #failure: { readonly error: unknown } | null = null;
  #wake: (() => void) | null = null;

  constructor(target: Target, options: UploadOptions) {
    this.#options = options;
    this.#chunk = target.on.maxWrite;
    this.lanes = new Lanes(options.line, (on, again) => this.#open(on, target.path, again), options.signal, true);
    this.lanes.begin(target.on, target.handle);
  }

  /** Writes it all, and answers how many bytes it was once each is acknowledged. */
  async write(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<number> {
    try {
      if (body instanceof Uint8Array) await this.#sendWhole(body);
      else await this.#gather(body);
    } catch (error) {
      this.#failure ??= { error };
    }
    await this.#until(() => this.#flights === 0 || this.#options.signal?.aborted === true);
    await this.#flushing;
    this.#options.signal?.throwIfAborted();
    if (this.#failure !== null) throw this.#failure.error;
    return this.#sent;
  }

  async #gather(body: AsyncIterable<Uint8Array>): Promise<void> {
    let chunk: Buffer | null = null;
    let filled = 0;
    for await (const piece of body) {
      for (let at = 0; at < piece.length; ) {
        chunk ??= await this.#takeBuffer();
        const part = piece.subarray(at, at + chunk.length - filled);
        chunk.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled < chunk.length) continue;
        this.#send(chunk, chunk);
        chunk = null;
        filled = 0;
      }
    }
    if (chunk !== null) this.#send(chunk.subarray(0, filled), chunk);
  }

  async #sendWhole(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; at += this.#chunk) {
      await this.#room();
      this.#send(bytes.subarray(at, at + this.#chunk), null);
    }
  }

  async #takeBuffer(): Promise<Buffer> {
    await this.#room();
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#chunk);
  }

  /** Waits until one more chunk may be in flight. */
  async #room(): Promise<void> {
    await this.#until(() => this.#flights < this.lanes.width * requestsInFlight(this.#chunk));
    this.#options.signal?.throwIfAborted();
    if (this.#failure !== null) throw this.#failure.error;
  }

  #send(bytes: Uint8Array, buffer: Buffer | null): void {
    const at = this.#sent;
    this.#sent += bytes.length;
    this.#flights += 1;
    if (at >= this.lanes.width * WIDEN_AFTER) this.#widen();
    this.lanes
      .use(({ on, handle }) => writeAt(on, handle, bytes, at))
      .then(() => this.#acknowledge(bytes, at))
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        if (buffer !== null) this.#free.push(buffer);
        this.#flights -= 1;
        this.#wake?.();
      });
  }

  #acknowledge(bytes: Uint8Array, at: number): void {
    this.#acknowledged += bytes.length;
    if (this.#unflushed.size < MOST_REMEMBERED) this.#unflushed.set(at, { length: bytes.length, crc: crc32(bytes) });
    else this.#forgetful = true;
    if (!this.#options.flushes || this.#flushing !== null || this.#acknowledged - this.#flushedTo < FLUSH_AFTER) return;
    this.#flushing = this.#flush()
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => {
        this.#flushing = null;
      });
  }

  async #flush(): Promise<void> {
    const before = [...this.#unflushed.keys()];
    this.#flushedTo = this.#acknowledged;
    await this.lanes.use(({ on, handle }) => flush(on, handle));
    for (const at of before) this.#unflushed.delete(at);
  }

  #widen(): void {
    void this.#options.reopens().then(
      (may) => may && this.lanes.widen(),
      () => undefined, // whoever finishes the put asks again, and hears it
    );
  }

  async #open(on: Connection, path: string, again: boolean): Promise<Handle> {
    if (!again) return await openFile(on, path, OPEN.write);
    if (this.#forgetful) throw forgotten(this.#options.key);
    try {
      const handle = await openFile(on, path, OPEN.read | OPEN.write);
      await this.#compare(on, handle);
      return handle;
    } catch (error) {
      throw error instanceof Refusal ? forgotten(this.#options.key) : error;
    }
  }

  /** Whether the server still has what it had acknowledged: it may have been switched off in between. */
  async #compare(on: Connection, handle: Handle): Promise<void> {
    const waiting = [...this.#unflushed];
    const compareNext = async () => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
        const [at, { length, crc }] = next;
        const bytes = Buffer.allocUnsafeSlow(length);
        let read = 0;
        for (let got = -1; read < length && got !== 0; read += got) {
          got = await readAt(on, handle, bytes.subarray(read), at + read);
        }
        if (read < length || crc32(bytes) !== crc) throw forgotten(this.#options.key);
      }
    };
    await Promise.all(Array.from({ length: requestsInFlight(this.#chunk) }, compareNext));
  }

  async #until(done: () => boolean): Promise<void> {
    const { signal } = this.#options;
    const onAbort = () => this.#wake?.();
    signal?.addEventListener("abort", onAbort);
    try {
      while (!done() && this.#failure === null && signal?.aborted !== true) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
      // After a failure, what is still in flight is left to itself: it ends with its connection at the latest.
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.#wake = null;
    }
  }
}

function forgotten(key: string): LifeboatError {
  return new LifeboatError({
    code: "UNREACHABLE",
    operation: "storage.put",
    key,
    message: `Expected the server to still have the bytes of ${JSON.stringify(key)} that it had acknowledged, but after the connection was lost and made anew it has not, or does not let them be looked at.`,
    hint: "The server was restarted, or cannot go on with a file. Try again; nothing half-written is left under the key.",
    retryable: true,
  });
}
