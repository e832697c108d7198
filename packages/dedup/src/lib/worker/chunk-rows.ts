import { ID_BYTES } from "../bytes.ts";
import { LEFT_OUT } from "./tasks.ts";

/** The chunks that a task came to, file by file. */
export class ChunkRows {
  readonly #counts: number[] = [];
  readonly #lengths: number[] = [];
  readonly #ids: Uint8Array[] = [];

  /** Chunks so far. */
  get count(): number {
    return this.#lengths.length;
  }

  add(length: number, id: Uint8Array): void {
    this.#lengths.push(length);
    this.#ids.push(id);
  }

  /** Ends the file whose first chunk was number `from`. */
  endFile(from: number): void {
    this.#counts.push(this.count - from);
  }

  /** The file could not be read. */
  leaveOut(): void {
    this.#counts.push(LEFT_OUT);
  }

  columns() {
    const ids = new Uint8Array(this.#ids.length * ID_BYTES);
    this.#ids.forEach((id, n) => {
      ids.set(id, n * ID_BYTES);
    });
    return { counts: this.#counts, lengths: Uint32Array.from(this.#lengths), ids };
  }
}
