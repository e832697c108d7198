import type { TransferMemory } from "./memory.ts";

/** A piece of a body that is sent in one request. */
export interface Part {
  readonly bytes: Uint8Array;
  /** Whether nothing follows. */
  readonly last: boolean;
  /** Gives the bytes back, once they are sent. */
  release(): void;
}

/** A body may be short, so its first part begins small, and grows by so much before it has its whole room. */
const SMALLEST = 64 * 1024;
const SMALL = 1024 * 1024;
const GROWTH = 4;

/**
 * Cuts a body into parts of the sizes that are asked for; there is always at least
 * one, and none but a single one is empty. Bytes are copied out of each piece
 * before the next is pulled, because a body may fill the same buffer again. No
 * more is held than is on its way, and one part that fills.
 */
export async function* cut(
  body: AsyncIterable<Uint8Array>,
  sizeOf: (index: number) => number,
  memory: TransferMemory,
): AsyncGenerator<Part> {
  let index = 0;
  let wanted = sizeOf(index);
  let filling: Buffer = Buffer.allocUnsafeSlow(Math.min(SMALLEST, wanted));
  let length = 0;
  /** A full part waits until it is known whether anything follows it. */
  let full: Buffer | null = null;

  const room = () => {
    if (length < filling.length || filling.length >= wanted) return;
    const larger =
      filling.length < SMALL ? Buffer.allocUnsafeSlow(Math.min(wanted, filling.length * GROWTH)) : memory.take(wanted);
    filling.copy(larger, 0, 0, length);
    filling = larger;
  };
  const partOf = (room: Buffer, size: number, last: boolean): Part => ({
    bytes: room.subarray(0, size),
    last,
    release: () => memory.give(room),
  });

  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      if (full !== null) {
        const part = partOf(full, full.length, false);
        full = null;
        yield part;
        index += 1;
        wanted = sizeOf(index);
        filling = memory.take(wanted);
        length = 0;
      }
      room();
      const taken = Math.min(piece.length - at, filling.length - length);
      filling.set(piece.subarray(at, at + taken), length);
      length += taken;
      at += taken;
      if (length === wanted) full = filling;
    }
  }
  yield partOf(full ?? filling, length, true);
}

/**
 * Cuts an array, without copying it.
 *
 * @param release told of each part that was sent
 */
export function* slices(
  bytes: Uint8Array,
  sizeOf: (index: number) => number,
  release: (sent: Uint8Array) => void = () => undefined,
): Generator<Part> {
  let at = 0;
  for (let index = 0; ; index += 1) {
    const end = Math.min(bytes.length, at + sizeOf(index));
    const part = bytes.subarray(at, end);
    yield { bytes: part, last: end === bytes.length, release: () => release(part) };
    if (end === bytes.length) return;
    at = end;
  }
}
