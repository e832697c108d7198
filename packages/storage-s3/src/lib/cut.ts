/** A piece of a body that is sent in one request. */
export interface Part {
  readonly bytes: Uint8Array;
  /** Whether nothing follows. */
  readonly last: boolean;
  /** Gives the bytes back, once they are sent. */
  release(): void;
}

const SMALLEST = 64 * 1024;

/**
 * Cuts a body into parts of the sizes that are asked for; there is always at least
 * one, and none but a single one is empty. Bytes are copied out of each piece
 * before the next is pulled, because a body may fill the same buffer again. Memory
 * of parts that were given back is used again, so no more is held than is on its
 * way, and one part that fills.
 */
export async function* cut(body: AsyncIterable<Uint8Array>, sizeOf: (index: number) => number): AsyncGenerator<Part> {
  const spare: Buffer[] = [];
  let index = 0;
  let wanted = sizeOf(index);
  let filling: Buffer = Buffer.allocUnsafeSlow(Math.min(SMALLEST, wanted));
  let length = 0;
  /** A full part waits until it is known whether anything follows it. */
  let full: Buffer | null = null;

  const room = () => {
    if (length < filling.length || filling.length >= wanted) return;
    const larger = Buffer.allocUnsafeSlow(Math.min(wanted, filling.length * 4));
    filling.copy(larger, 0, 0, length);
    filling = larger;
  };
  const partOf = (bytes: Buffer, last: boolean): Part => ({ bytes, last, release: () => void spare.push(bytes) });

  for await (const piece of body) {
    for (let at = 0; at < piece.length; ) {
      if (full !== null) {
        const part = partOf(full, false);
        full = null;
        yield part;
        index += 1;
        wanted = sizeOf(index);
        filling = spare.pop() ?? Buffer.allocUnsafeSlow(wanted);
        if (filling.length !== wanted) filling = Buffer.allocUnsafeSlow(wanted);
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
  yield partOf(full ?? filling.subarray(0, length), true);
}

/** Cuts an array, without copying it. */
export function* slices(bytes: Uint8Array, sizeOf: (index: number) => number): Generator<Part> {
  let at = 0;
  for (let index = 0; ; index += 1) {
    const end = Math.min(bytes.length, at + sizeOf(index));
    yield { bytes: bytes.subarray(at, end), last: end === bytes.length, release: () => undefined };
    if (end === bytes.length) return;
    at = end;
  }
}
