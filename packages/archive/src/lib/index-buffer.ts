import { concatBytes } from "@lifeboat/frames";
import { INDEX_BYTES } from "./limits.ts";
import { encodeRow, type IndexRow } from "./rows.ts";

const encoder = new TextEncoder();

/** Index lines on their way into the archive, in the order of the entries; some are still being computed. */
export class IndexBuffer {
  #lines: Promise<Uint8Array>[] = [];
  #bytes = 0;

  /** Bytes gathered so far, the unfinished ones estimated. */
  get bytes(): number {
    return this.#bytes;
  }

  addLines(lines: string): void {
    if (lines === "") return;
    this.#lines.push(Promise.resolve(encoder.encode(lines)));
    this.#bytes += lines.length;
  }

  /** A row whose digest is still being made. */
  addRow(row: Promise<IndexRow>): void {
    const line = row.then((value) => encoder.encode(encodeRow(value)));
    line.catch(() => undefined); // take() reports it
    this.#lines.push(line);
    this.#bytes += 256;
  }

  /** Everything gathered, in pieces of whole lines and about {@link INDEX_BYTES}; the buffer is empty afterwards. */
  async take(): Promise<Uint8Array[]> {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return cutLines(concatBytes(await Promise.all(lines)), INDEX_BYTES);
  }
}

function cutLines(text: Uint8Array, length: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < text.length; ) {
    const newline = text.indexOf(0x0a, Math.min(at + length, text.length - 1));
    const end = newline === -1 ? text.length : newline + 1;
    pieces.push(text.subarray(at, end));
    at = end;
  }
  return pieces;
}
