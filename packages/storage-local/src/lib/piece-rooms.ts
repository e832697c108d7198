/** How much of an object is read at once, in bytes. */
export const PIECE_BYTES = 1024 * 1024;

/** So much memory is kept for reads to come: many short ones would otherwise each ask for some of their own. */
const MAX_FREE = 8;
const free: Buffer[] = [];

/** Memory for the pieces of one read: one piece is with the caller while the next one is filled. */
export class PieceRooms {
  readonly #reuse: boolean;
  readonly #rooms: Buffer[] = [];

  /** @param reuse whether a piece is used up when the one after the next is asked for; otherwise it is the caller's */
  constructor(reuse: boolean) {
    this.#reuse = reuse;
  }

  take(length: number): Buffer {
    if (!this.#reuse) return Buffer.allocUnsafeSlow(length);
    const used = this.#rooms.length < 2 ? free.pop() : this.#rooms.shift();
    const room = used ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
    this.#rooms.push(room);
    return room.subarray(0, length);
  }

  /** @param held a piece that the caller may still read: its memory stays with it */
  end(held: Uint8Array | null): void {
    for (const room of this.#rooms) if (room.buffer !== held?.buffer && free.length < MAX_FREE) free.push(room);
  }
}
