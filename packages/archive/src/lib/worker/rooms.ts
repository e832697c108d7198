import { ROOM_BYTES } from "../limits.ts";

/** What is so small is made anew each time. */
const SMALL_BYTES = 64 * 1024;

/** Memory for segments' bytes: what is at hand first, then new. */
export class Rooms {
  readonly #free: ArrayBuffer[];

  constructor(free: readonly ArrayBuffer[]) {
    this.#free = [...free];
  }

  /** At least `length` bytes, with whatever was in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > ROOM_BYTES) return new Uint8Array(length);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(length > SMALL_BYTES ? ROOM_BYTES : length));
  }
}

/** The bytes at the beginning of `room`. */
export function copyTo(room: Uint8Array<ArrayBuffer>, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  room.set(bytes);
  return room.subarray(0, bytes.length);
}
