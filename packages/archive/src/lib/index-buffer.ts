import { concatBytes } from "./bytes.ts";
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

  /** Everything gathered, as one; the buffer is empty afterwards. */
  async take(): Promise<Uint8Array> {
    const lines = this.#lines;
    this.#lines = [];
    this.#bytes = 0;
    return concatBytes(await Promise.all(lines));
  }
}
