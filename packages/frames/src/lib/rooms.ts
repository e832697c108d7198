/** What is so small is made anew each time. */
const SMALL_BYTES = 64 * 1024;

/** Memory for one task of a thread: what {@link RoomPool.takeFree} handed over first, then new. */
export class Rooms {
  readonly #free: ArrayBuffer[];
  readonly #roomBytes: number;

  constructor(free: readonly ArrayBuffer[], roomBytes: number) {
    this.#free = [...free];
    this.#roomBytes = roomBytes;
  }

  /** At least `length` bytes, with whatever was in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#roomBytes) return new Uint8Array(length);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(length > SMALL_BYTES ? this.#roomBytes : length));
  }
}

/** The bytes at the beginning of `room`. */
export function copyTo(room: Uint8Array<ArrayBuffer>, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  room.set(bytes);
  return room.subarray(0, bytes.length);
}
