import { releaseBytes } from "@lifeboat/threads";

/** What is so small is no trouble to make anew. */
const SMALL_BYTES = 64 * 1024;

/**
 * Memory for segments on their way through the threads, used again and again: memory
 * that is new each time costs more than most of what is done with it.
 */
export class RoomPool {
  readonly #capacity: number;
  readonly #roomBytes: number;
  readonly #free: ArrayBuffer[] = [];

  /**
   * @param capacity how many rooms are kept
   * @param roomBytes how large each is; what is larger, or small, is made anew each time
   */
  constructor(capacity: number, roomBytes: number) {
    this.#capacity = capacity;
    this.#roomBytes = roomBytes;
  }

  /** Room for so many bytes, with whatever was in it. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > this.#roomBytes || bytes <= SMALL_BYTES) return new Uint8Array(bytes);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(this.#roomBytes), 0, bytes);
  }

  /** Up to so many buffers, for a thread that will know what it needs them for. */
  takeFree(count: number): ArrayBuffer[] {
    return count === 0 ? [] : this.#free.splice(-count);
  }

  /** Takes back what nobody reads or fills any more. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes;
    const isRoom = buffer instanceof ArrayBuffer && buffer.byteLength === this.#roomBytes;
    if (isRoom && this.#free.length < this.#capacity) this.#free.push(buffer);
    else releaseBytes(bytes);
  }
}
