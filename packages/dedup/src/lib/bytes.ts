import { newerVersion, type Refuse } from "./errors.ts";

const MAX_VARINT_BYTES = 8;
const BITS_32 = 0x1_0000_0000;

/** Bytes of a chunk's id. */
export const ID_BYTES = 32;

/** Writes numbers and bytes one after the other, big-endian; grows as it goes. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many bytes were written. */
  get length(): number {
    return this.#length;
  }

  /** What was written; only until more is. */
  get content(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  reset(): void {
    this.#length = 0;
  }

  u8(value: number): void {
    const at = this.#take(1); // first, here and below: it may move the memory
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    const at = this.#take(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#take(4);
    this.#view.setUint32(at, value);
  }

  /** A whole number up to 2^64; above 2^53 as near as a number comes. */
  u64(value: number): void {
    const at = this.#take(8);
    this.#view.setUint32(at, Math.floor(value / BITS_32));
    this.#view.setUint32(at + 4, value % BITS_32);
  }

  f64(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value);
  }

  /** Unsigned LEB128 of a whole number up to 2^53 - 1. */
  varint(value: number): void {
    let left = value;
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.u8((left % 0x80) | 0x80);
    this.u8(left);
  }

  put(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#bytes.set(bytes, at);
  }

  #take(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#length, 2 * this.#bytes.length));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }
}

/** Reads what {@link ByteWriter} wrote; what reaches past the end is refused. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #refuse: Refuse;
  #at = 0;

  constructor(bytes: Uint8Array, refuse: Refuse) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#refuse = refuse;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  /** As near as a number comes. */
  u64(): number {
    const at = this.#take(8);
    return this.#view.getUint32(at) * BITS_32 + this.#view.getUint32(at + 4);
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
  }

  varint(): number {
    let value = 0;
    let scale = 1;
    for (let n = 0; n < MAX_VARINT_BYTES; n++) {
      const byte = this.#view.getUint8(this.#take(1));
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return Number.isSafeInteger(value) ? value : this.#refuse("a number is too large");
      scale *= 0x80;
    }
    return this.#refuse("a number is too long");
  }

  /** The next bytes, which stay the caller's memory. */
  take(count: number): Uint8Array {
    const at = this.#take(count);
    return this.#bytes.subarray(at, at + count);
  }

  /** Refuses what is left. */
  end(): void {
    if (this.left > 0) this.#refuse(`${this.left} bytes are left over`);
  }

  #take(count: number): number {
    const at = this.#at;
    if (count > this.left) this.#refuse("it is cut off");
    this.#at += count;
    return at;
  }
}

/** `u8(1) ‖ u8(kind) ‖ u16(0)`: what packs' extras, blocks and reference chunks begin with. */
export function writeHead(out: ByteWriter, kind = 0): void {
  out.u8(1);
  out.u8(kind);
  out.u16(0);
}

/**
 * Reads what {@link writeHead} wrote; answers the kind.
 *
 * @throws UNSUPPORTED where the version is above 1
 */
export function readHead(bytes: ByteReader, what: string, refuse: Refuse, kinds = 1): number {
  const version = bytes.u8();
  if (version === 0) refuse("its version is 0");
  if (version > 1) throw newerVersion(what, version);
  const kind = bytes.u8();
  if (kind >= kinds) refuse(`its kind is ${kind}`);
  if (bytes.u16() !== 0) refuse("reserved bytes are not 0");
  return kind;
}

/** Whether two stretches of bytes are the same. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
