import { concatBytes } from "../bytes.ts";

/** The longest block of a zstd frame, in bytes (RFC 8878 §3.1.1.2.4). */
const MAX_BLOCK = 128 * 1024;
const MAGIC = 0xfd2fb528;
/** Content size in 4 bytes, single segment, no checksum, no dictionary. */
const DESCRIPTOR = 0b1010_0000;

/**
 * A zstd frame of raw blocks (RFC 8878 §3.1.1): what is incompressible already is
 * copied, not searched.
 */
export function storedZstdFrame(plain: Uint8Array, room = new Uint8Array(storedZstdLength(plain.length))): Uint8Array {
  const blocks = blocksOf(plain.length);
  const frame = room.subarray(0, storedZstdLength(plain.length));
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint32(0, MAGIC, true);
  frame[4] = DESCRIPTOR;
  view.setUint32(5, plain.length, true);
  let at = 9;
  for (let block = 0; block < blocks; block++) {
    const piece = plain.subarray(block * MAX_BLOCK, (block + 1) * MAX_BLOCK);
    const header = blockHeader(piece.length, block === blocks - 1);
    frame[at] = header & 0xff;
    frame[at + 1] = (header >> 8) & 0xff;
    frame[at + 2] = header >> 16;
    frame.set(piece, at + 3);
    at += 3 + piece.length;
  }
  return frame;
}

/** Whether a frame is one of {@link storedZstdFrame} for so many bytes, every header of it. */
export function isStoredZstd(frame: Uint8Array, bytes: number): boolean {
  if (frame.length !== storedZstdLength(bytes)) return false;
  const view = new DataView(frame.buffer, frame.byteOffset);
  if (view.getUint32(0, true) !== MAGIC || frame[4] !== DESCRIPTOR || view.getUint32(5, true) !== bytes) return false;
  for (let [at, left] = [9, bytes]; ; ) {
    const length = Math.min(left, MAX_BLOCK);
    left -= length;
    const header = view.getUint16(at, true) | (view.getUint8(at + 2) << 16);
    if (header !== blockHeader(length, left === 0)) return false;
    if (left === 0) return true;
    at += 3 + length;
  }
}

/** What a frame that {@link isStoredZstd} holds, copied to `into`, which is of that length. */
export function readStoredZstd(frame: Uint8Array, into: Uint8Array): Uint8Array {
  for (let [from, to] = [9, 0]; to < into.length; from += 3 + MAX_BLOCK, to += MAX_BLOCK) {
    into.set(frame.subarray(from + 3, from + 3 + Math.min(MAX_BLOCK, into.length - to)), to);
  }
  return into;
}

/** A raw block's header (RFC 8878 §3.1.1.2): length, type 0, and whether it is the last. */
function blockHeader(length: number, last: boolean): number {
  return (length << 3) | (last ? 1 : 0);
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
