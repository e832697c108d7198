import type { Storage } from "@lifeboat/contracts";
import type { FinishedPack } from "../pack/pack-builder.ts";
import { packKey } from "../pack/pack-name.ts";
import type { PackPiece } from "../worker/tasks.ts";

/** What uploads work with. */
export interface UploadOptions {
  readonly storage: Storage;
  readonly signal: AbortSignal;
  /** Called when a put has failed: {@link PackUploads.throwIfFailed} then says why. */
  readonly onFailed: () => void;
  /** Called once a pack is in the storage. What it throws fails the run. */
  readonly onStored: (pack: FinishedPack) => void | Promise<void>;
}

/** One pack on its way: pieces come in as frames are made, and go out in one put. */
interface Upload {
  readonly pieces: Uint8Array[];
  pack: FinishedPack | null;
  /** `waiting`: the storage has asked for nothing yet. `starving`: it has asked for more than there is. */
  state: "waiting" | "going" | "starving";
  wake: () => void;
}

/** Puts packs while they are still being made, one put each. */
export class PackUploads {
  readonly #options: UploadOptions;
  readonly #open = new Map<string, Upload>();
  readonly #puts = new Set<Promise<void>>();
  /** Those whose put has not ended. */
  readonly #underWay = new Set<Upload>();
  /** Packs of lists that were begun, by their ids in hex. */
  readonly listPacks: string[] = [];
  #failure: { readonly error: unknown } | null = null;
  #storedBytes = 0;

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /** Bytes handed over so far. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /** Throws why a pack could not be put, if one could not. */
  throwIfFailed(): void {
    if (this.#failure !== null) throw this.#failure.error;
  }

  /**
   * Whether packs that get nothing more keep others from going out: a storage may take only so many puts at a time.
   * Ending the packs that are open lets it go on.
   */
  isStuck(): boolean {
    const states = new Set([...this.#underWay].map(({ state }) => state));
    return states.has("waiting") && states.has("starving") && !states.has("going");
  }

  /** Takes what follows of a pack. `consumed` is called for each piece that the storage has used up. */
  take({ pack, content, bytes, end }: PackPiece, consumed: (piece: Uint8Array) => void): void {
    const known = this.#open.get(pack);
    if (known === undefined && content === "lists") this.listPacks.push(pack);
    const upload = known ?? this.#begin(pack, consumed);
    for (const piece of bytes) {
      this.#storedBytes += piece.length;
      upload.pieces.push(piece);
    }
    if (end !== undefined) {
      upload.pack = end;
      this.#open.delete(pack);
    }
    upload.wake();
  }

  /** Resolves when every pack that was ended is in the storage. */
  async settled(): Promise<void> {
    while (this.#puts.size > 0) await Promise.all(this.#puts);
    this.throwIfFailed();
  }

  /** Resolves when no put is under way any more; the signal was aborted before. */
  async stopped(): Promise<void> {
    for (const { wake } of this.#open.values()) wake();
    while (this.#puts.size > 0) await Promise.all(this.#puts);
  }

  #begin(id: string, consumed: (piece: Uint8Array) => void): Upload {
    const upload: Upload = { pieces: [], pack: null, state: "waiting", wake: () => undefined };
    this.#open.set(id, upload);
    this.#underWay.add(upload);
    const put = this.#put(id, upload, consumed).catch((error: unknown) => {
      this.#failure ??= { error };
      this.#options.onFailed();
    });
    this.#puts.add(put);
    void put.finally(() => {
      this.#puts.delete(put);
      this.#underWay.delete(upload);
    });
    return upload;
  }

  async #put(id: string, upload: Upload, consumed: (piece: Uint8Array) => void): Promise<void> {
    const { storage, signal, onStored } = this.#options;
    await storage.put(packKey(id), this.#body(upload, consumed), { signal });
    if (upload.pack !== null) await onStored(upload.pack);
  }

  async *#body(upload: Upload, consumed: (piece: Uint8Array) => void): AsyncGenerator<Uint8Array> {
    const { signal } = this.#options;
    for (;;) {
      upload.state = "going";
      const piece = upload.pieces.shift();
      if (piece !== undefined) {
        yield piece;
        consumed(piece); // a storage has used a piece up when it asks for the next
      } else if (upload.pack !== null) {
        return;
      } else {
        upload.state = "starving";
        await new Promise<void>((resolve) => {
          upload.wake = resolve;
        });
        upload.wake = () => undefined;
        signal.throwIfAborted();
      }
    }
  }
}
