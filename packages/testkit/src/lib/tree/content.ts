import { chmodSync, closeSync, lstatSync, openSync, readSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";

const PIECE = 1024 * 1024;
const PIECES_A_TURN = 16;

/** The position of the first byte in which two files of one size differ, or `null` where none does. */
export async function firstDifference(left: Buffer, right: Buffer, size: number): Promise<number | null> {
  using a = openForReading(left);
  using b = openForReading(right);
  const [one, two] = [Buffer.allocUnsafe(PIECE), Buffer.allocUnsafe(PIECE)];
  for (let at = 0, pieces = 1; at < size; at += PIECE, pieces += 1) {
    const length = Math.min(PIECE, size - at);
    readFully(a.fd, one, length, at);
    readFully(b.fd, two, length, at);
    if (one.compare(two, 0, length, 0, length) !== 0) {
      for (let offset = 0; offset < length; offset += 1) if (one[offset] !== two[offset]) return at + offset;
    }
    if (pieces % PIECES_A_TURN === 0) await nextTurn();
  }
  return null;
}

function readFully(fd: number, into: Buffer, length: number, at: number): void {
  for (let done = 0; done < length; ) {
    const read = readSync(fd, into, done, length - done, at + done);
    if (read === 0) throw new Error(`A file became shorter while it was compared: nothing at byte ${at + done}.`);
    done += read;
  }
}

/** Opens a file whatever its mode: that of an unreadable one is lifted for a moment. */
function openForReading(path: Buffer): { readonly fd: number } & Disposable {
  const fd = open(path);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}

function open(path: Buffer): number {
  try {
    return openSync(path, "r");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EACCES")) throw error;
    const { mode } = lstatSync(path);
    chmodSync(path, mode | 0o400);
    try {
      return openSync(path, "r");
    } finally {
      chmodSync(path, mode);
    }
  }
}
