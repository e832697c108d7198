import { concatBytes } from "../bytes.ts";

/** The longest block of a zstd frame, in bytes (RFC 8878 §3.1.1.2.4). */
const MAX_BLOCK = 128 * 1024;

/**
 * A zstd frame of raw blocks (RFC 8878 §3.1.1): what is incompressible already is
 * copied, not searched.
 */
export function storedZstdFrame(plain: Uint8Array, room = new Uint8Array(storedZstdLength(plain.length))): Uint8Array {
  const blocks = blocksOf(plain.length);
  const frame = room.subarray(0, storedZstdLength(plain.length));
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, 0xfd2fb528, true);
  frame[4] = 0b1010_0000; // content size in 4 bytes, single segment, no checksum, no dictionary
  view.setUint32(5, plain.length, true);
  let at = 9;
  for (let block = 0; block < blocks; block++) {
    const piece = plain.subarray(block * MAX_BLOCK, (block + 1) * MAX_BLOCK);
    const header = (piece.length << 3) | (block === blocks - 1 ? 1 : 0); // type 0: raw
    frame[at] = header & 0xff;
    frame[at + 1] = (header >> 8) & 0xff;
    frame[at + 2] = header >> 16;
    frame.set(piece, at + 3);
    at += 3 + piece.length;
  }
  return frame;
}

/** How long the frame of raw blocks of so many bytes is. */
export function storedZstdLength(bytes: number): number {
  return 9 + 3 * blocksOf(bytes) + bytes;
}

function blocksOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / MAX_BLOCK));
}

/** How much of a segment is tried before all of it is. */
const SAMPLES = 8;
const SAMPLE_BYTES = 4096;

/** Some evenly spaced pieces of a segment, by which to guess whether compressing it pays. */
export function sampleOf(plain: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  const stride = Math.floor(plain.length / SAMPLES);
  for (let n = 0; n < SAMPLES; n++) pieces.push(plain.subarray(n * stride, n * stride + SAMPLE_BYTES));
  return concatBytes(pieces);
}

/** Whether a segment is long enough that a sample tells anything. */
export function worthSampling(plain: Uint8Array): boolean {
  return plain.length >= 4 * SAMPLES * SAMPLE_BYTES;
}

/** Whether a sample that shrank so little means that the rest will not either. */
export function looksIncompressible(sample: number, compressed: number): boolean {
  return compressed > sample * 0.97;
}
