import { writev } from "node:fs";
import { promisify } from "node:util";
import type { RestoredEntry } from "@lifeboat/contracts";
import { releaseBytes } from "@lifeboat/threads";
import { systemError } from "../errors.ts";
import type { Guard } from "./guard.ts";

const writeAt = promisify(writev);

/** Bytes that are gathered before they are written. */
const WRITE = 1024 * 1024;
/** Blocks of zeros, so aligned, become holes; so do the parts of one where it is cut by a piece's end. */
const BLOCK = 64 * 1024;
const ZEROS = Buffer.alloc(BLOCK);

/**
 * Streams an entry's content to a descriptor: one write under way while the next
 * pieces are pulled. Stretches of zeros are left out, so that sparse files come back
 * sparse.
 *
 * @throws CORRUPT where there are more or fewer bytes than the entry says; NO_SPACE and the like
 */
export async function streamTo(fd: number, entry: RestoredEntry, guard: Guard, signal: AbortSignal): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  let pieces: Uint8Array[] = [];
  let gathered = 0;
  let written = 0;
  const flush = async () => {
    const [batch, at] = [pieces, written];
    pieces = [];
    written += gathered;
    gathered = 0;
    await writing;
    writing = writePieces(fd, batch, at).catch((error: unknown) => {
      throw systemError(error, guard.operation, `${entry.path} could not be written`, entry.path);
    });
    writing.catch(() => undefined); // awaited by the next flush or at the end
  };
  try {
    for await (const piece of contentOf(entry, signal)) {
      signal.throwIfAborted();
      if (written + gathered + piece.length > entry.size) {
        throw guard.refusal("CORRUPT", entry.path, `it holds more than the ${entry.size} bytes that it should`);
      }
      pieces.push(piece);
      gathered += piece.length;
      if (gathered >= WRITE) await flush();
    }
    if (gathered > 0) await flush();
    if (written !== entry.size) {
      throw guard.refusal("CORRUPT", entry.path, `it holds ${written} bytes and not the ${entry.size} that it should`);
    }
  } finally {
    await writing; // nobody may close the descriptor before
  }
}

async function* contentOf(entry: RestoredEntry, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
  if (entry.bytes !== undefined) yield entry.bytes;
  else yield* entry.open({ signal });
}

async function writePieces(fd: number, pieces: readonly Uint8Array[], start: number): Promise<void> {
  let at = start;
  let run: Uint8Array[] = [];
  let runAt = at;
  for (const piece of pieces) {
    for (let from = 0; from < piece.length; ) {
      const length = Math.min(BLOCK - (at % BLOCK), piece.length - from);
      const block = piece.subarray(from, from + length);
      if (ZEROS.compare(block, 0, length, 0, length) === 0) {
        await writeAll(fd, run, runAt);
        run = [];
        runAt = at + length;
      } else {
        extend(run, block);
      }
      from += length;
      at += length;
    }
  }
  await writeAll(fd, run, runAt);
  for (const piece of pieces) releaseBytes(piece);
}

/** Appends a block, as part of the last one where it follows it in memory. */
function extend(run: Uint8Array[], block: Uint8Array): void {
  const last = run.at(-1);
  if (last?.buffer === block.buffer && last.byteOffset + last.length === block.byteOffset) {
    run[run.length - 1] = new Uint8Array(last.buffer, last.byteOffset, last.length + block.length);
  } else {
    run.push(block);
  }
}

async function writeAll(fd: number, run: readonly Uint8Array[], start: number): Promise<void> {
  let left = run.filter((piece) => piece.length > 0);
  let at = start;
  while (left.length > 0) {
    let { bytesWritten: done } = await writeAt(fd, left.slice(0, 512), at);
    at += done;
    const rest: Uint8Array[] = [];
    for (const piece of left) {
      const skip = Math.min(done, piece.length);
      done -= skip;
      if (skip < piece.length) rest.push(piece.subarray(skip));
    }
    left = rest;
  }
}
