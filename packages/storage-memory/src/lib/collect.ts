const ENOUGH = 64 * 1024;

/**
 * All bytes of a body, copied piece by piece into one array that doubles when it
 * is full: a million pieces of one byte cost a megabyte, not a million objects.
 */
export async function collect(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let bytes = new Uint8Array(ENOUGH);
  let length = 0;
  for await (const piece of body) {
    if (length + piece.length > bytes.length) {
      const larger = new Uint8Array(Math.max(bytes.length * 2, length + piece.length));
      larger.set(bytes.subarray(0, length));
      bytes = larger;
    }
    bytes.set(piece, length);
    length += piece.length;
  }
  return bytes.slice(0, length);
}
