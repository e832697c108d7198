import type { AbortOptions, BodyOptions, EntryInfo, TargetFile } from "@lifeboat/contracts";
import type { Refs } from "../list/refs.ts";
import { type FeedLimits, feedChunks } from "./chunk-feed.ts";
import type { ChunkReader } from "./chunks.ts";
import { slices } from "./content-items.ts";
import { readTwice, tooLate } from "./read-errors.ts";
import { writeBody } from "./write-body.ts";

const LIMITS: FeedLimits = { batchBytes: 4 * 1024 * 1024, batches: 4, sharesReader: true };

/** The content of an entry that is read by itself. */
export class AloneBody {
  readonly #entry: EntryInfo;
  readonly #content: () => AsyncIterable<Refs>;
  readonly #reader: ChunkReader;
  readonly #advance: (bytes: number) => void;
  #state: "whole" | "opened" | "past" = "whole";

  constructor(
    entry: EntryInfo,
    content: () => AsyncIterable<Refs>,
    reader: ChunkReader,
    advance: (bytes: number) => void,
  ) {
    this.#entry = entry;
    this.#content = content;
    this.#reader = reader;
    this.#advance = advance;
  }

  async *open({ reuse = false }: BodyOptions = {}): AsyncGenerator<Uint8Array> {
    this.#begin();
    const items = slices(this.#entry, this.#content());
    for await (const batch of feedChunks(items, this.#reader, LIMITS)) {
      for (const n of batch.items.keys()) {
        for (const bytes of batch.pieces(n)) {
          if (this.#hasPassed) throw tooLate(this.#entry.path);
          this.#advance(bytes.length);
          yield reuse ? bytes : bytes.slice();
        }
      }
    }
  }

  async writeTo(file: TargetFile, options: AbortOptions = {}): Promise<void> {
    this.#begin();
    const content = this.#content();
    await writeBody({ entry: this.#entry, content, reader: this.#reader, file, advance: this.#advance }, options);
  }

  /** The next entry has been pulled. */
  pass(): void {
    this.#state = "past";
  }

  get #hasPassed(): boolean {
    return this.#state === "past";
  }

  #begin(): void {
    if (this.#state === "past") throw tooLate(this.#entry.path);
    if (this.#state === "opened") throw readTwice(this.#entry.path);
    this.#state = "opened";
  }
}
