import type { AbortOptions, LifeboatError, Storage } from "@lifeboat/contracts";
import type { RoomPool } from "./room-pool.ts";

/** The most that one request asks for, in bytes. */
const RUN_BYTES = 32 * 1024 * 1024;

/** A gap of so many bytes is read through; a new request would cost more. */
const MAX_GAP = 1024 * 1024;

/** Where a segment lies in its object. */
export interface SegmentPlace {
  /** The byte that it begins at. */
  readonly offset: number;
  /** How many bytes it has there. */
  readonly storedLength: number;
}

/** An object that is read by segments. */
export interface RangedObject {
  readonly key: string;
  readonly segments: readonly SegmentPlace[];
}

/** What a {@link RangedReader} works with. */
export interface RangedReaderOptions extends AbortOptions {
  readonly storage: Storage;
  readonly object: RangedObject;
  /** Where the memory for what is read comes from. */
  readonly rooms: RoomPool;
  /** The error that says what is wrong with the object: it ends too early, or lacks a segment. */
  readonly damaged: (problem: string) => LifeboatError;
}

/**
 * Reads segments in rising order, with one request for a run of neighbours.
 * Calls must not overlap.
 */
export class RangedReader {
  readonly #options: RangedReaderOptions;
  #stream: AsyncIterator<Uint8Array> | null = null;
  #held: Uint8Array = new Uint8Array(0);
  #position = 0;
  #end = 0;
  #bytesRead = 0;

  constructor(options: RangedReaderOptions) {
    this.#options = options;
  }

  /** Bytes read from the storage so far. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * The stored bytes of a segment, in a room of their own.
   *
   * @param until the last segment that is known to be wanted without a gap
   */
  async read(segment: number, until: number): Promise<Uint8Array<ArrayBuffer>> {
    try {
      return await this.#read(segment, until);
    } catch (error) {
      await this.close(); // what comes next is asked for anew
      throw error;
    }
  }

  async #read(segment: number, until: number): Promise<Uint8Array<ArrayBuffer>> {
    const place = this.#place(segment);
    const end = place.offset + place.storedLength;
    if (!this.#reaches(place.offset, end)) {
      await this.close();
      this.#open(segment, until);
    }
    while (this.#position < place.offset) await this.#skip(place.offset);
    const bytes = this.#options.rooms.take(place.storedLength);
    for (let filled = 0; filled < bytes.length; ) {
      if (this.#held.length === 0) this.#held = await this.#pull(end);
      const part = this.#held.subarray(0, bytes.length - filled);
      bytes.set(part, filled);
      filled += part.length;
      this.#held = this.#held.subarray(part.length);
      this.#position += part.length;
    }
    return bytes;
  }

  /** Ends the request that is under way. */
  async close(): Promise<void> {
    const stream = this.#stream;
    this.#stream = null;
    this.#held = new Uint8Array(0);
    if (stream === null) return;
    // One that ends by itself gets its memory back. All its bytes are here: what goes wrong now concerns nobody.
    if (this.#position === this.#end) await stream.next().catch(() => undefined);
    await stream.return?.();
  }

  /** Whether the request under way brings these bytes, with nothing or little before them. */
  #reaches(start: number, end: number): boolean {
    const ahead = start - this.#position;
    return this.#stream !== null && ahead >= 0 && ahead <= MAX_GAP && end <= this.#end;
  }

  async #skip(to: number): Promise<void> {
    if (this.#held.length === 0) this.#held = await this.#pull(to);
    const count = Math.min(this.#held.length, to - this.#position);
    this.#held = this.#held.subarray(count);
    this.#position += count;
  }

  #open(segment: number, until: number): void {
    const first = this.#place(segment);
    let last = first;
    for (let n = segment + 1; n <= until; n++) {
      const next = this.#place(n);
      if (next.offset + next.storedLength - first.offset > RUN_BYTES) break;
      last = next;
    }
    this.#position = first.offset;
    this.#end = last.offset + last.storedLength;
    const range = { start: this.#position, end: this.#end };
    const { storage, object, signal } = this.#options;
    const stream = storage.get(object.key, { signal, range, reuse: true });
    this.#stream = stream[Symbol.asyncIterator]();
  }

  async #pull(end: number): Promise<Uint8Array> {
    const next = await this.#stream?.next();
    if (next === undefined || next.done === true) {
      throw this.#options.damaged(`it ends at byte ${this.#position}, before byte ${end}`);
    }
    this.#bytesRead += next.value.length;
    return next.value;
  }

  #place(segment: number) {
    const place = this.#options.object.segments[segment];
    if (place === undefined) throw this.#options.damaged(`it has no segment ${segment}`);
    return place;
  }
}
