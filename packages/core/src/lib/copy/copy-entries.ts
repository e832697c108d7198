import { type AbortOptions, LifeboatError, type RestoredEntry, type SourceEntry } from "@lifeboat/contracts";
import { infoOf, type SitePart } from "../diff/digests.ts";

/** Up to so many bytes of content are taken along with their entry. */
const SMALL_BYTES = 1_048_576;

/** A part's entries on their way into another backup. */
export interface CopiedEntries {
  readonly entries: AsyncIterable<SourceEntry>;
  /** What reading the original failed with, whatever the writer made of it. */
  readonly failure: () => { readonly error: unknown } | null;
}

/**
 * A part's entries as a source would yield them. A reader wants content taken before the next entry is
 * pulled, a writer may be in no such hurry: small content is at hand at once, and where a writer that has begun
 * with a large one pulls the next entry, that waits for its end.
 */
export function copyEntries(part: SitePart, { signal }: AbortOptions): CopiedEntries {
  let failed: { readonly error: unknown } | null = null;

  async function* noting<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* items;
    } catch (error) {
      failed ??= { error };
      throw error;
    }
  }

  async function* entries(): AsyncGenerator<SourceEntry> {
    const { site, id, source } = part;
    for await (const entry of site.repository.read(id, source, { signal })) {
      const { size: _, sha256: _known, content: _content, ...info } = infoOf(entry);
      if (entry.type !== "file") yield info;
      else if (entry.size <= SMALL_BYTES) {
        const bytes = await contentOf(entry, { signal });
        yield { ...info, size: entry.size, open: () => once(bytes) };
      } else {
        const body = new LargeBody(part, entry);
        yield { ...info, size: entry.size, open: (options) => noting(body.open(options)) };
        await body.pass();
      }
    }
  }

  return { entries: noting(entries()), failure: () => failed };
}

async function contentOf(entry: RestoredEntry, options: AbortOptions): Promise<Uint8Array> {
  const bytes = new Uint8Array(entry.size);
  let length = 0;
  if (entry.copyTo !== undefined) length = entry.copyTo(bytes);
  else {
    for await (const piece of entry.open({ ...options, reuse: true })) {
      if (length + piece.length <= bytes.length) bytes.set(piece, length);
      length += piece.length;
    }
  }
  if (length === entry.size) return bytes;
  throw new LifeboatError({
    code: "CORRUPT",
    operation: "copy",
    key: entry.path,
    message: `Expected ${entry.size} bytes of content of ${JSON.stringify(entry.path)}, found ${length}.`,
  });
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

/** Content that is read while it is written. */
class LargeBody {
  readonly #part: SitePart;
  readonly #entry: RestoredEntry;
  #reading: Promise<void> | undefined;
  #past = false;

  constructor(part: SitePart, entry: RestoredEntry) {
    this.#part = part;
    this.#entry = entry;
  }

  async *open(options: AbortOptions = {}): AsyncGenerator<Uint8Array> {
    if (this.#past) {
      yield* this.#again(options);
      return;
    }
    let ended = () => {};
    this.#reading = new Promise((resolve) => {
      ended = resolve;
    });
    try {
      yield* this.#entry.open(options);
    } finally {
      ended();
    }
  }

  /** The reader is about to go on. */
  async pass(): Promise<void> {
    await this.#reading;
    this.#past = true;
  }

  /** A writer that opens it only after it has pulled further entries has it read for itself. */
  async *#again({ signal }: AbortOptions): AsyncGenerator<Uint8Array> {
    const { site, id, source } = this.#part;
    const select = ({ path }: { readonly path: string }) => path === this.#entry.path;
    for await (const entry of site.repository.read(id, source, { signal, select })) yield* entry.open({ signal });
  }
}
