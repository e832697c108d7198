import type { AbortOptions, ContentIdentity, SiteContext } from "@lifeboat/contracts";
import { createThreads, type Threads } from "@lifeboat/threads";
import { ID_BYTES, sameBytes } from "../bytes.ts";
import { type ChunkId, chunkIds } from "../id.ts";
import { type Body, type Refs, refId, sameBody } from "../list/refs.ts";
import { chunkIdKey, sealingKey } from "../site-key.ts";
import { type MatchSetup, type MatchTask, startMatchHandler } from "../worker/match.ts";
import code from "../worker/match.worker.ts?worker-code";
import { contentOf } from "./list-rows.ts";
import type { Reading } from "./reading.ts";
import { stretches } from "./stretches.ts";

/** A thread reads so many bytes of a file in one task. */
const TASK_BYTES = 4 * 1024 * 1024;
/** Files are compared one after the other, mostly. */
const THREADS = 1;

/** Makes identities of bodies: by the ids of their chunks. */
export interface BodyContents extends AsyncDisposable {
  identify(body: Body): ContentIdentity;
}

/**
 * @param read opens the site for reading, where a body's references are upon references
 */
export function bodyContents(site: SiteContext, read: (options: AbortOptions) => Promise<Reading>): BodyContents {
  const contents = new SiteContents(site, read);
  return {
    identify: (body) => new BodyIdentity(contents, body),
    [Symbol.asyncDispose]: () => contents[Symbol.asyncDispose](),
  };
}

/** What identities of one site's bodies share. */
class SiteContents implements AsyncDisposable {
  readonly idOf: ChunkId;
  readonly #read: (options: AbortOptions) => Promise<Reading>;
  readonly #threads: Threads<MatchTask, boolean>;

  constructor(site: SiteContext, read: (options: AbortOptions) => Promise<Reading>) {
    const idKey = chunkIdKey(sealingKey(site));
    this.idOf = chunkIds(idKey);
    this.#read = read;
    const data: MatchSetup = { idKey };
    const size = Math.min(THREADS, site.threads);
    this.#threads = createThreads({ code, inline: startMatchHandler, data, size, name: "lifeboat-match" });
  }

  /** The references of a body to its chunks. */
  async *refsOf(body: Body, options: AbortOptions): AsyncGenerator<Refs> {
    if (body.depth === 0) {
      yield body.refs;
      return;
    }
    await using reading = await this.#read(options);
    yield* contentOf(body, reading.lists);
  }

  run(task: MatchTask, { signal }: AbortOptions): Promise<boolean> {
    return this.#threads.run(task, { signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#threads[Symbol.asyncDispose]();
  }
}

class BodyIdentity implements ContentIdentity {
  readonly #contents: SiteContents;
  readonly #body: Body;

  constructor(contents: SiteContents, body: Body) {
    this.#contents = contents;
    this.#body = body;
  }

  /** Another site has other ids for the same content. */
  equals(other: ContentIdentity): boolean | null {
    if (!(#body in other) || other.#contents !== this.#contents) return null;
    return sameBody(this.#body, other.#body);
  }

  async matches(bytes: AsyncIterable<Uint8Array>, options: AbortOptions = {}): Promise<boolean> {
    const { idOf } = this.#contents;
    const source = new Pieces(bytes);
    try {
      for await (const refs of this.#contents.refsOf(this.#body, options)) {
        for (let n = 0; n < refs.count; n++) {
          options.signal?.throwIfAborted();
          const piece = await source.take(refs.lengths[n] ?? 0);
          if (piece === null || !sameBytes(idOf(piece), refId(refs, n))) return false;
        }
      }
      return (await source.take(1)) === null;
    } finally {
      await source.close();
    }
  }

  async matchesFile(path: string, options: AbortOptions = {}): Promise<boolean> {
    let position = 0;
    for await (const refs of this.#contents.refsOf(this.#body, options)) {
      for (const { lengths, ids } of stretches(refs, TASK_BYTES)) {
        const task = { path, position, lengths: Uint32Array.from(lengths), ids: ids.slice(), last: false };
        if (!(await this.#contents.run(task, options))) return false;
        position += task.lengths.reduce((sum, length) => sum + length, 0);
      }
    }
    const end = { path, position, lengths: new Uint32Array(), ids: new Uint8Array(ID_BYTES), last: true };
    return this.#contents.run(end, options);
  }
}

/** Bytes of a stream in pieces of the lengths that are asked for. */
class Pieces {
  readonly #source: AsyncIterator<Uint8Array>;
  #held: Uint8Array = new Uint8Array(0);

  constructor(bytes: AsyncIterable<Uint8Array>) {
    this.#source = bytes[Symbol.asyncIterator]();
  }

  /** Exactly so many bytes, or `null` where there are less. */
  async take(length: number): Promise<Uint8Array | null> {
    const piece = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      if (this.#held.length === 0) {
        const next = await this.#source.next();
        if (next.done === true) return null;
        this.#held = next.value;
      }
      const part = this.#held.subarray(0, length - filled);
      piece.set(part, filled);
      filled += part.length;
      this.#held = this.#held.subarray(part.length);
    }
    return piece;
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
