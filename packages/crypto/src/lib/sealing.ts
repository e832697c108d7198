import type { CipherSuite } from "@lifeboat/contracts";
import { randomBytes } from "./bytes.ts";
import { openBytes, type SealBytes, sealBytes } from "./field.ts";
import { finishHeader, fixedPart, parseHeader, type SealedHeader, type SealedKind } from "./header.ts";
import { assertSiteKey, objectKeys, openHeader, type SiteKeySource } from "./open-header.ts";
import type { Primitives } from "./primitives.ts";
import { type SealStreamOptions, sealStream } from "./seal-stream.ts";
import { openSealed, type RandomReader, type SealedReader } from "./sealed-reader.ts";
import { openSegment, type SealState, sealSegment } from "./segment.ts";
import { type UnsealOptions, unsealStream } from "./unseal-stream.ts";

/** What a sealed object begins with. */
export interface BeginSeal {
  readonly kind: SealedKind;
  readonly suite: CipherSuite;
  /** 32 bytes. */
  readonly siteKey: Uint8Array;
  /** From `encodeKeyBlock`, or empty. */
  readonly keyBlock: Uint8Array;
}

/**
 * Sealed objects, version 1 (docs/spec/sealed-object.md). All calls that are not
 * streams are synchronous, so that worker threads can make them.
 *
 * A site key that is not 32 bytes long is refused with INVALID everywhere.
 */
export interface Sealing {
  /**
   * Begins an object: its header, and the state that seals its segments.
   *
   * @throws INVALID on an unknown suite or kind, or a key block over 65,536 bytes
   */
  beginSeal(begin: BeginSeal): { readonly header: Uint8Array; readonly state: SealState };
  /**
   * Seals a segment: length, ciphertext and tag in one array of its own, or at the
   * beginning of `room` where they fit. Each index is used once; the table is the last one, `final`, with the number of data
   * segments as its index.
   *
   * @throws INVALID on an empty or too long plaintext, or an index out of range
   */
  sealSegment(state: SealState, index: number, final: boolean, plaintext: Uint8Array, room?: Uint8Array): Uint8Array;
  /**
   * Opens a whole segment as `sealSegment` made it, into an array of its own, or the
   * beginning of `room` where it fits.
   *
   * @throws CORRUPT where it is not exactly that segment of that object
   */
  openSegment(state: SealState, index: number, final: boolean, segment: Uint8Array, room?: Uint8Array): Uint8Array;
  /**
   * Reads a header at the beginning of `bytes`; needs no key.
   *
   * @throws CORRUPT where it is damaged or none; UNSUPPORTED where it is newer
   */
  parseHeader(bytes: Uint8Array): SealedHeader;
  /**
   * What opens an object's segments.
   *
   * @throws WRONG_KEY; INCOMPATIBLE where it is not of the `kind` asked for
   */
  openHeader(header: SealedHeader, siteKey: Uint8Array, kind?: SealedKind): SealState;
  /** Seals a stream, whatever its pieces; memory is two segments. An error of the input passes through. */
  sealStream(input: AsyncIterable<Uint8Array>, options: SealStreamOptions): AsyncGenerator<Uint8Array>;
  /**
   * The content of a sealed object from front to back, whatever its pieces. Every
   * piece that comes out is authentic, but only the normal end says that it was all.
   *
   * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INCOMPATIBLE
   */
  unsealStream(
    input: AsyncIterable<Uint8Array>,
    key: SiteKeySource,
    options?: UnsealOptions,
  ): AsyncGenerator<Uint8Array>;
  /**
   * Opens a sealed object for reading at random. Reads its beginning and its end,
   * and the table where that is longer than 64 KiB.
   *
   * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INCOMPATIBLE, and what the reader throws
   */
  openSealed(reader: RandomReader, key: SiteKeySource, options?: UnsealOptions): Promise<SealedReader>;
  /** Seals a small value as an object of kind `field`, without a key block. */
  sealBytes(value: SealBytes): Uint8Array;
  /**
   * The content of a whole sealed object in memory.
   *
   * @throws CORRUPT, WRONG_KEY, UNSUPPORTED, INCOMPATIBLE
   */
  openBytes(bytes: Uint8Array, siteKey: Uint8Array, options?: Omit<UnsealOptions, "signal">): Uint8Array;
}

/** Sealing by one implementation of the primitives. `random` is replaced where vectors are made. */
export function createSealing(p: Primitives, random: (length: number) => Uint8Array = randomBytes): Sealing {
  function beginSeal({ kind, suite, siteKey, keyBlock }: BeginSeal) {
    assertSiteKey(siteKey, "sealed.seal");
    const fixed = fixedPart(suite, kind, keyBlock.length);
    const salt = random(32);
    const keys = objectKeys(p, siteKey, salt);
    const { header, digest } = finishHeader(p, fixed, salt, keys.commitment(fixed), keyBlock);
    return { header, state: { suite, key: keys.sealKey(digest) } };
  }

  return {
    beginSeal,
    sealSegment: (state, index, final, plaintext, room) => sealSegment(p, state, index, final, plaintext, room),
    openSegment: (state, index, final, segment, room) => openSegment(p, state, index, final, segment, room),
    parseHeader: (bytes) => parseHeader(p, bytes),
    openHeader: (header, siteKey, kind) => openHeader(p, header, siteKey, kind),
    sealStream: (input, options) => sealStream(p, beginSeal, input, options),
    unsealStream: (input, key, options) => unsealStream(p, input, key, options),
    openSealed: (reader, key, options) => openSealed(p, reader, key, options),
    sealBytes: (value) => sealBytes(p, beginSeal, value),
    openBytes: (bytes, siteKey, options) => openBytes(p, bytes, siteKey, options),
  };
}
