import type { CipherSuite } from "@lifeboat/contracts";
import { u32, view } from "./bytes.ts";
import { corrupt, invalid } from "./errors.ts";
import { type Cipher, type Primitives, TAG_BYTES } from "./primitives.ts";

/** Bytes before a segment's ciphertext: its length. */
export const LENGTH_BYTES = 4;
/** So many bytes longer than its plaintext is a segment: 4 of length, 16 of tag. */
export const SEGMENT_OVERHEAD = LENGTH_BYTES + TAG_BYTES;
/** The longest plaintext of a data segment: 16 MiB, and 64 KiB for what compression may add. */
export const MAX_SEGMENT_BYTES = 16 * 1024 * 1024 + 64 * 1024;
/** The longest plaintext of the last segment, the table. */
export const MAX_TABLE_BYTES = 64 * 1024 * 1024;
/** The most data segments, by the fields that count them. */
export const MAX_SEGMENTS = 0xffff_ffff;

/** What seals and opens the segments of one object. Structured-cloneable; `key` is secret. */
export interface SealState {
  readonly suite: CipherSuite;
  /** The object's own key, 32 bytes. */
  readonly key: Uint8Array;
}

/** The most a plaintext may hold. */
export function maxPlaintext(final: boolean): number {
  return final ? MAX_TABLE_BYTES : MAX_SEGMENT_BYTES;
}

/** Docs: `Sealing.sealSegment`. */
export function sealSegment(
  p: Primitives,
  state: SealState,
  index: number,
  final: boolean,
  plaintext: Uint8Array,
  room?: Uint8Array,
) {
  const { length } = plaintext;
  if (length === 0 || length > maxPlaintext(final)) {
    throw invalid("sealed.seal", `Expected a plaintext of 1 to ${maxPlaintext(final)} bytes, found ${length}.`);
  }
  const sealed = length + SEGMENT_OVERHEAD;
  const out = room !== undefined && room.length >= sealed ? room.subarray(0, sealed) : allocate(sealed);
  view(out).setUint32(0, length);
  p.seal(cipher(state, index, final, out.subarray(0, LENGTH_BYTES)), plaintext, out, LENGTH_BYTES);
  return out;
}

/** Docs: `Sealing.openSegment`. */
export function openSegment(
  p: Primitives,
  state: SealState,
  index: number,
  final: boolean,
  segment: Uint8Array,
  room?: Uint8Array,
) {
  const plaintext = tryOpen(p, state, index, final, segment, room);
  if (plaintext === null) throw corrupt(`Segment ${index} of the sealed object is damaged: it does not open.`);
  return plaintext;
}

/** The plaintext of a whole segment, or `null` where it is not that segment. */
export function tryOpen(
  p: Primitives,
  state: SealState,
  index: number,
  final: boolean,
  segment: Uint8Array,
  room?: Uint8Array,
): Uint8Array | null {
  if (segment.length <= SEGMENT_OVERHEAD) return null;
  const aad = segment.subarray(0, LENGTH_BYTES);
  if (view(aad).getUint32(0) !== segment.length - SEGMENT_OVERHEAD) return null;
  const length = segment.length - SEGMENT_OVERHEAD;
  const out = room !== undefined && room.length >= length ? room.subarray(0, length) : allocate(length);
  return p.open(cipher(state, index, final, aad), segment.subarray(LENGTH_BYTES), out) ? out : null;
}

function cipher({ suite, key }: SealState, index: number, final: boolean, aad: Uint8Array): Cipher {
  if (!Number.isInteger(index) || index < 0 || index > MAX_SEGMENTS) {
    throw invalid("sealed.seal", `Expected a segment's number from 0 to ${MAX_SEGMENTS}, found ${index}.`);
  }
  const nonce = new Uint8Array(12);
  nonce.set(u32(index), 7);
  nonce[11] = final ? 1 : 0;
  return { suite, key, nonce, aad };
}

/** Memory of its own, so that it can be moved to another thread; not zeroed where that can be had. */
function allocate(length: number): Uint8Array {
  const buffer = globalThis.Buffer?.allocUnsafeSlow(length);
  return buffer === undefined ? new Uint8Array(length) : new Uint8Array(buffer.buffer, buffer.byteOffset, length);
}
