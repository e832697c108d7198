import type { RandomReader } from "@lifeboat/crypto";

/** The bytes in pieces of a size. */
export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** All pieces in one array. */
export async function collect(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of stream) all.push(piece);
  return Uint8Array.from(Buffer.concat(all));
}

/** Bytes in memory, readable at random. */
export function readerOf(bytes: Uint8Array): RandomReader {
  return { size: bytes.length, read: async ({ start, end }) => bytes.slice(start, end) };
}
