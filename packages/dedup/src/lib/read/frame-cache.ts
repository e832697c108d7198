import type { RoomPool } from "@lifeboat/frames";
import type { PackPlace } from "./chunk-map.ts";

/** An expanded frame, or one on its way. */
export interface CachedFrame {
  readonly pack: PackPlace;
  readonly frame: number;
  /** How many still need its bytes. */
  pins: number;
  /** Resolves when its bytes are there, or it is known why they are not. */
  readonly ready: Promise<void>;
  readonly bytes: Uint8Array;
  /** Why there are no bytes. */
  readonly error: unknown;
  /** The ids of the chunks that were found to be right, by offset. */
  readonly checked: Map<number, Uint8Array>;
  /** Called once by whoever fetches it. */
  settle(outcome: { readonly bytes: Uint8Array } | { readonly error: unknown }): void;
}

/** Expanded frames: those that are needed, and some that may be needed again. */
export class FrameCache {
  readonly #rooms: RoomPool;
  readonly #idleBytes: number;
  readonly #frames = new Map<string, CachedFrame>();
  /** Those that nobody needs now, the longest idle first. */
  readonly #idle = new Map<string, CachedFrame>();
  #held = 0;

  /** @param idleBytes how many bytes of frames that nobody needs now are kept */
  constructor(rooms: RoomPool, idleBytes: number) {
    this.#rooms = rooms;
    this.#idleBytes = idleBytes;
  }

  /** A frame, needed once more; `fresh` where it is not there yet and has to be fetched. */
  pin(pack: PackPlace, frame: number): { readonly entry: CachedFrame; readonly fresh: boolean } {
    const key = keyOf(pack, frame);
    const known = this.#frames.get(key);
    if (known !== undefined) {
      if (known.pins === 0 && this.#idle.delete(key)) this.#held -= known.bytes.buffer.byteLength;
      known.pins += 1;
      return { entry: known, fresh: false };
    }
    const entry = new Frame(pack, frame);
    this.#frames.set(key, entry);
    return { entry, fresh: true };
  }

  /** Says that a frame is needed once less. */
  unpin(entry: CachedFrame): void {
    entry.pins -= 1;
    if (entry.pins > 0) return;
    const key = keyOf(entry.pack, entry.frame);
    if (entry.error !== undefined) {
      this.#frames.delete(key); // asked for again, it is read again
      return;
    }
    this.#idle.set(key, entry);
    this.#held += entry.bytes.buffer.byteLength;
    for (const [oldest, idle] of this.#idle) {
      if (this.#held <= this.#idleBytes) break;
      this.#idle.delete(oldest);
      this.#frames.delete(oldest);
      this.#held -= idle.bytes.buffer.byteLength;
      this.#rooms.give(idle.bytes);
    }
  }
}

class Frame implements CachedFrame {
  readonly pack: PackPlace;
  readonly frame: number;
  readonly checked = new Map<number, Uint8Array>();
  readonly ready: Promise<void>;
  pins = 1;
  bytes: Uint8Array = new Uint8Array(0);
  error: unknown = undefined;
  #done: () => void = () => undefined;

  constructor(pack: PackPlace, frame: number) {
    this.pack = pack;
    this.frame = frame;
    this.ready = new Promise((resolve) => {
      this.#done = resolve;
    });
  }

  settle(outcome: { readonly bytes: Uint8Array } | { readonly error: unknown }): void {
    if ("error" in outcome) this.error = outcome.error;
    else this.bytes = outcome.bytes;
    this.#done();
  }
}

function keyOf(pack: PackPlace, frame: number): string {
  return `${pack.id}/${frame}`;
}
