import type { CipherSuite } from "@lifeboat/contracts";
import { concat, equalBytes, utf8, view } from "./bytes.ts";
import { corrupt, fail, invalid } from "./errors.ts";
import type { Primitives } from "./primitives.ts";

/** Bytes of a header that are always there before the key block. */
export const FIXED_HEADER_BYTES = 80;
/** Bytes of the check that ends a header. */
export const HEADER_CHECK_BYTES = 16;
/** The longest key block. */
export const MAX_KEY_BLOCK_BYTES = 65_536;

/** What a sealed object can be, by the number in its header. */
export const SealedKind = { archivePart: 1, pack: 2, index: 3, entryList: 4, field: 5, verified: 6 } as const;
/** One of the numbers in {@link SealedKind}. */
export type SealedKind = (typeof SealedKind)[keyof typeof SealedKind];

/** What a sealed object's header says; it was checked for damage, but not against a key. */
export interface SealedHeader {
  readonly version: 1;
  readonly suite: CipherSuite;
  readonly kind: SealedKind;
  /** 32 bytes. */
  readonly salt: Uint8Array;
  /** 32 bytes. */
  readonly commitment: Uint8Array;
  /** The site's slots when the object was made (docs/spec/site.md, "Key block"), or empty. */
  readonly keyBlock: Uint8Array;
  /** Bytes of the whole header: where the first segment begins. */
  readonly length: number;
  /** Bytes 0 to 15. */
  readonly fixed: Uint8Array;
  /** SHA-256 of all before the check. */
  readonly digest: Uint8Array;
}

const MAGIC = utf8("LIFEBOAT");
const KINDS: readonly number[] = Object.values(SealedKind);

/** The first 16 bytes of a header. */
export function fixedPart(suite: CipherSuite, kind: SealedKind, keyBlockLength: number): Uint8Array {
  if (suite !== 1 && suite !== 2) throw invalid("sealed.seal", `Expected suite 1 or 2, found ${String(suite)}.`);
  if (!KINDS.includes(kind)) throw invalid("sealed.seal", `Expected a kind from 1 to 6, found ${String(kind)}.`);
  if (keyBlockLength > MAX_KEY_BLOCK_BYTES) {
    const message = `Expected a key block of at most ${MAX_KEY_BLOCK_BYTES} bytes, found ${keyBlockLength}.`;
    throw invalid("sealed.seal", message, "Remove key slots that are no longer used.");
  }
  const fixed = concat(MAGIC, Uint8Array.of(1, suite, kind, 0, 0, 0, 0, 0));
  view(fixed).setUint32(12, keyBlockLength);
  return fixed;
}

/** A header with its check, and the digest that the seal key depends on. */
export function finishHeader(
  p: Primitives,
  ...parts: readonly Uint8Array[]
): { header: Uint8Array; digest: Uint8Array } {
  const digest = p.sha256(...parts);
  return { header: concat(...parts, digest.subarray(0, HEADER_CHECK_BYTES)), digest };
}

/**
 * How long the header is that begins with these bytes, of which the first 16 are looked at.
 *
 * @throws CORRUPT where this is no sealed object, or cut off, or its key block is over the limit
 */
export function headerLength(start: Uint8Array): number {
  if (!equalBytes(start.subarray(0, 8), MAGIC.subarray(0, Math.min(8, start.length)))) {
    throw corrupt('Expected a sealed object, which begins with "LIFEBOAT", found other bytes.');
  }
  if (start.length < 16) throw corrupt(`Expected a header, found the end after ${start.length} bytes.`);
  const keyBlockLength = view(start).getUint32(12);
  if (keyBlockLength > MAX_KEY_BLOCK_BYTES) {
    throw corrupt(`Expected a key block of at most ${MAX_KEY_BLOCK_BYTES} bytes, found a length of ${keyBlockLength}.`);
  }
  return FIXED_HEADER_BYTES + keyBlockLength + HEADER_CHECK_BYTES;
}

/** {@link SealedHeader} from bytes that begin with a header. Docs: `Sealing.parseHeader`. */
export function parseHeader(p: Primitives, bytes: Uint8Array): SealedHeader {
  const length = headerLength(bytes);
  if (bytes.length < length) {
    throw corrupt(`Expected a header of ${length} bytes, found the end after ${bytes.length}.`);
  }
  const checkAt = length - HEADER_CHECK_BYTES;
  const digest = p.sha256(bytes.subarray(0, checkAt));
  if (!equalBytes(digest.subarray(0, HEADER_CHECK_BYTES), bytes.subarray(checkAt, length))) {
    throw corrupt("The header of the sealed object is damaged: its check does not hold.");
  }
  const [version, suite, kind, reserved] = bytes.subarray(8, 12);
  if (version !== 1 || reserved !== 0) throw unsupported("version", reserved === 0 ? version : `1.${reserved}`, "1");
  if (suite !== 1 && suite !== 2) throw unsupported("suite", suite, "1 or 2");
  if (!isKind(kind)) throw unsupported("kind", kind, "1 to 6");
  return {
    version,
    suite,
    kind,
    salt: bytes.slice(16, 48),
    commitment: bytes.slice(48, 80),
    keyBlock: bytes.slice(FIXED_HEADER_BYTES, checkAt),
    length,
    fixed: bytes.slice(0, 16),
    digest,
  };
}

function isKind(kind: number | undefined): kind is SealedKind {
  return kind !== undefined && KINDS.includes(kind);
}

function unsupported(what: string, found: number | string | undefined, expected: string) {
  const message = `Expected a sealed object of ${what} ${expected}, found ${what} ${found}.`;
  return fail("UNSUPPORTED", "sealed.open", message, "Open it with a newer version of Lifeboat.");
}
