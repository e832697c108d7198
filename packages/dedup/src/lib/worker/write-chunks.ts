import { writeSync } from "node:fs";
import type { TargetFile } from "@lifeboat/contracts";
import { isZero } from "@lifeboat/frames";
import { PAGE_BYTES } from "./page-memory.ts";
import type { ChunkChecks } from "./unpack.ts";

/** Where chunks of one frame belong in a file. */
export interface ChunkWrites {
  readonly file: TargetFile;
  /** The chunk's number among the task's checks, for each place. */
  readonly checks: Uint32Array<ArrayBuffer>;
  /** The byte of the file, for each place. */
  readonly positions: Float64Array<ArrayBuffer>;
}

/** Bytes of a frame that lie in one piece there and in the file. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
  readonly position: number;
}

/** Shorter ones are not worth three writes. */
const WORTH_DIRECT = 256 * 1024;

/** Chunks of so many bytes are worth a hole where they hold nothing but zeros. */
const WORTH_A_HOLE = 16 * 1024;

/** The chunks that need not be written to a new file: a hole reads the same. */
export function zeroChunks(bytes: Uint8Array, { spans }: ChunkChecks): number[] {
  const zeros: number[] = [];
  for (let n = 0; 2 * n < spans.length; n++) {
    const [offset = 0, length = 0] = [spans[2 * n], spans[2 * n + 1]];
    if (length >= WORTH_A_HOLE && isZero(bytes.subarray(offset, offset + length))) zeros.push(n);
  }
  return zeros;
}

/**
 * What of a frame is written where, neighbours together.
 *
 * @param without numbers of checks whose chunks are left out
 */
export function extentsOf({ spans }: ChunkChecks, writes: ChunkWrites, without: readonly number[] = []): Extent[] {
  const left = new Set(without);
  const extents: { offset: number; length: number; position: number }[] = [];
  for (const [n, check] of writes.checks.entries()) {
    if (left.has(check)) continue;
    const [offset = 0, length = 0, position = 0] = [spans[2 * check], spans[2 * check + 1], writes.positions[n]];
    const last = extents.at(-1);
    const joins =
      last !== undefined && last.offset + last.length === offset && last.position + last.length === position;
    if (joins) last.length += length;
    else extents.push({ offset, length, position });
  }
  return extents;
}

/** By how much memory for the frame has to be behind the beginning of a page, that most of it goes past the page cache. */
export function shiftOf(extents: readonly Extent[]): number {
  let largest: Extent | undefined;
  for (const extent of extents) if (largest === undefined || extent.length > largest.length) largest = extent;
  if (largest === undefined) return 0;
  const shift = (largest.position - largest.offset) % PAGE_BYTES;
  return shift < 0 ? shift + PAGE_BYTES : shift;
}

/**
 * Writes extents of a frame to a file.
 *
 * @param bytes the frame, `shift` bytes behind the beginning of a page
 * @throws the system's error
 */
export function writeExtents(bytes: Uint8Array, shift: number, extents: readonly Extent[], file: TargetFile): void {
  for (const { offset, length, position } of extents) {
    const part = bytes.subarray(offset, offset + length);
    const skew = (shift + offset - position) % PAGE_BYTES;
    const head = (PAGE_BYTES - (position % PAGE_BYTES)) % PAGE_BYTES;
    const middle = length - head - ((position + length) % PAGE_BYTES);
    if (file.directFd === undefined || skew !== 0 || middle < WORTH_DIRECT) {
      writeAll(file.fd, part, position);
      continue;
    }
    writeAll(file.fd, part.subarray(0, head), position);
    writeDirect(file, part.subarray(head, head + middle), position + head);
    writeAll(file.fd, part.subarray(head + middle), position + head + middle);
  }
}

/** What the disk refuses to take past the page cache goes through it; that also tells what is really wrong. */
function writeDirect({ fd, directFd = fd }: TargetFile, bytes: Uint8Array, position: number): void {
  let written = 0;
  try {
    written = writeSync(directFd, bytes, 0, bytes.length, position);
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
  }
  writeAll(fd, bytes.subarray(written), position + written);
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}
