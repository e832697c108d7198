import { ROOM_BYTES } from "../pack/limits.ts";

/** What is so small is made anew each time. */
const SMALL_BYTES = 64 * 1024;

/** Memory for sealed frames that comes back to a thread once the storage has used it up. */
export class RoomStock {
  readonly #free: ArrayBuffer[] = [];

  add(rooms: readonly ArrayBuffer[]): void {
    this.#free.push(...rooms);
  }

  /** At least so many bytes, with whatever was in them. */
  take(length: number): Uint8Array<ArrayBuffer> {
    if (length <= SMALL_BYTES || length > ROOM_BYTES) return new Uint8Array(length);
    return new Uint8Array(this.#free.pop() ?? new ArrayBuffer(ROOM_BYTES));
  }
}
