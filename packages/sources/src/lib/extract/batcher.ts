import { TableWriter } from "../table.ts";
import type { Lanes } from "./lanes.ts";
import type { Dress } from "./protocol.ts";

const ROWS = 256;
const NOTHING: Dress = { mode: 0, mtimeMs: 0, uid: -1, gid: -1 };

/** Content that is at hand. */
export interface Content {
  /** In bytes. */
  readonly size: number;
  /** Copies all of it to the beginning of `target`. */
  readonly copyTo: (target: Uint8Array) => void;
}

/** Groups small work into batches. Content is copied, so that the buffers it came in stay whole. */
export class Batcher {
  readonly #lanes: Lanes;
  readonly #lane: number | undefined;
  readonly #table = new TableWriter();
  #arena: Uint8Array<ArrayBuffer> | null = null;
  #used = 0;

  /** With a lane, all batches go to that one, and so are done in order. */
  constructor(lanes: Lanes, lane?: number) {
    this.#lanes = lanes;
    this.#lane = lane;
  }

  /**
   * Adds a row; its content is at most an arena, 1 MiB. Answers a promise only where it
   * has to wait for the writers: most of a hundred thousand rows need none.
   */
  add(make: number, path: string, dress = NOTHING, content?: Content, target = ""): Promise<void> | undefined {
    const length = content?.size ?? 0;
    const isFull = this.#table.rows >= ROWS || this.#used + length > (this.#arena?.length ?? length);
    if (isFull) return this.flush().then(() => this.#add(make, path, dress, content, target));
    this.#add(make, path, dress, content, target);
  }

  #add(make: number, path: string, dress: Dress, content: Content | undefined, target: string): void {
    const length = content?.size ?? 0;
    this.#arena ??= new Uint8Array(this.#lanes.arena());
    content?.copyTo(this.#arena.subarray(this.#used, this.#used + length));
    this.#table.add([make, this.#used, length, dress.mode, dress.mtimeMs, dress.uid, dress.gid], [path, target]);
    this.#used += length;
  }

  async flush(): Promise<void> {
    if (this.#table.rows === 0 || this.#arena === null) return;
    const data = this.#arena.buffer;
    this.#arena = null;
    this.#used = 0;
    await this.#lanes.send({ kind: "batch", table: this.#table.take(), data }, this.#lane);
  }
}
