import { readInto } from "./read-file.ts";

/** Bytes of a file that is open in this process, for a thread to read. */
export interface FileStretch {
  readonly fd: number;
  readonly offset: number;
  readonly length: number;
}

/** Reads stretches of files into memory that it uses again. One a thread. */
export class StretchReader {
  #room = new Uint8Array(0);

  /** The bytes, until the next call; `null` where there are less, or the system will not give them: the storage tells why. */
  read({ fd, offset, length }: FileStretch): Uint8Array<ArrayBuffer> | null {
    if (this.#room.length < length) this.#room = new Uint8Array(length);
    const bytes = this.#room.subarray(0, length);
    try {
      return readInto(fd, bytes, offset) === length ? bytes : null;
    } catch {
      return null;
    }
  }
}
