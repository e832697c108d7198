import { read as readCallback } from "node:fs";
import { promisify } from "node:util";
import { isLifeboatError, type LocalObject, type Storage } from "@lifeboat/contracts";
import { packKey } from "../pack/pack-name.ts";

const read = promisify(readCallback);

/** So many packs that nobody reads now are kept open. */
const KEPT = 8;

/** A pack that is open as a file, until it is disposed of. */
export interface PackFile extends Disposable {
  readonly fd: number;
  /** So many bytes of it; less where it ends before. */
  head(bytes: number): Promise<Uint8Array>;
}

interface Entry {
  readonly opening: Promise<LocalObject | null>;
  readers: number;
}

/** The packs of a site as open files, where its storage has such. */
export class PackFiles implements AsyncDisposable {
  readonly #storage: Storage;
  readonly #packs = new Map<string, Entry>();

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  /** Opens a pack; `null` where that can't be, and the storage is to be asked for its bytes. */
  async open(pack: string, signal: AbortSignal | undefined): Promise<PackFile | null> {
    if (this.#storage.openFile === undefined) return null;
    signal?.throwIfAborted(); // what is opened after the end, nobody closes
    const known = this.#packs.get(pack);
    const entry = known ?? { opening: this.#find(pack), readers: 0 };
    this.#packs.delete(pack);
    this.#packs.set(pack, entry); // the longest idle come first
    entry.readers += 1;
    try {
      const object = await entry.opening;
      signal?.throwIfAborted();
      if (object !== null) return this.#lease(entry, object);
      entry.readers -= 1;
      return null;
    } catch (error) {
      entry.readers -= 1;
      throw error;
    }
  }

  /** Closes them; no thread may read them any more, and nobody open one. */
  async [Symbol.asyncDispose](): Promise<void> {
    const entries = [...this.#packs.values()];
    this.#packs.clear();
    await Promise.all(entries.map(close));
  }

  /** Why it can't be opened, the storage tells whoever asks for the bytes. */
  async #find(pack: string): Promise<LocalObject | null> {
    try {
      return (await this.#storage.openFile?.(packKey(pack))) ?? null;
    } catch (error) {
      if (isLifeboatError(error)) return null;
      throw error;
    }
  }

  #lease(entry: Entry, { fd }: LocalObject): PackFile {
    let leased = true;
    return {
      fd,
      async head(bytes) {
        const { bytesRead, buffer } = await read(fd, new Uint8Array(bytes), 0, bytes, 0);
        return buffer.subarray(0, bytesRead);
      },
      [Symbol.dispose]: () => {
        if (leased) entry.readers -= 1;
        leased = false;
        this.#trim();
      },
    };
  }

  #trim(): void {
    const idle = [...this.#packs].filter(([, { readers }]) => readers === 0);
    for (const [pack, entry] of idle.slice(0, Math.max(0, idle.length - KEPT))) {
      this.#packs.delete(pack);
      void close(entry);
    }
  }
}

async function close({ opening }: Entry): Promise<void> {
  try {
    await (await opening)?.[Symbol.asyncDispose]();
  } catch {
    // it was only read; and who wanted to open it was told why it can't be
  }
}
