import { releaseBytes } from "@lifeboat/threads";
import { ROOM_BYTES } from "./limits.ts";

/**
 * Memory for segments on their way through the threads, used again and again: memory
 * that is new each time costs more than most of what is done with it.
 */
export class RoomPool {
  readonly #capacity: number;
  readonly #free: ArrayBuffer[] = [];

  /** @param capacity how many rooms are kept */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** Room for so many bytes, with whatever was in it. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes > ROOM_BYTES) return new Uint8Array(bytes);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(ROOM_BYTES), 0, bytes);
  }

  /** Up to so many buffers, for a thread that will know what it needs them for. */
  takeFree(count: number): ArrayBuffer[] {
    return count === 0 ? [] : this.#free.splice(-count);
  }

  /** Takes back what nobody reads or fills any more. */
  give(bytes: Uint8Array): void {
    const { buffer } = bytes;
    if (buffer instanceof ArrayBuffer && buffer.byteLength === ROOM_BYTES && this.#free.length < this.#capacity) {
      this.#free.push(buffer);
    } else {
      releaseBytes(bytes);
    }
  }
}
