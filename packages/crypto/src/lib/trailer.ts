import { equalBytes, utf8, view } from "./bytes.ts";
import { corrupt, invalid } from "./errors.ts";
import { MAX_SEGMENTS } from "./segment.ts";

/** Bytes of the trailer that ends a sealed object. */
export const TRAILER_BYTES = 20;

/** What the trailer says. It is believed only where the table agrees. */
export interface Trailer {
  /** Where the last segment, the table, begins. */
  readonly offset: number;
  /** The number of data segments, and so the last segment's own number. */
  readonly segments: number;
}

const END = utf8("LBOATEND");

/** The trailer: where the last segment begins and how many data segments come before it. */
export function sealTrailer(offset: number, segments: number): Uint8Array {
  if (
    !Number.isSafeInteger(offset) ||
    offset < 0 ||
    !Number.isInteger(segments) ||
    segments < 0 ||
    segments > MAX_SEGMENTS
  ) {
    throw invalid("sealed.seal", `Expected an offset and a count, found ${offset} and ${segments}.`);
  }
  const out = new Uint8Array(TRAILER_BYTES);
  view(out).setBigUint64(0, BigInt(offset));
  view(out).setUint32(8, segments);
  out.set(END, 12);
  return out;
}

/**
 * Reads a trailer of exactly {@link TRAILER_BYTES}.
 *
 * @throws CORRUPT where it is none: the object is cut off, or something follows it
 */
export function parseTrailer(bytes: Uint8Array): Trailer {
  if (bytes.length !== TRAILER_BYTES || !equalBytes(bytes.subarray(12), END)) {
    throw corrupt(
      'Expected the object to end in "LBOATEND", found other bytes: it is cut off, or bytes follow its end.',
    );
  }
  const offset = view(bytes).getBigUint64(0);
  if (offset > BigInt(Number.MAX_SAFE_INTEGER))
    throw corrupt(`The trailer points to byte ${offset}, far past the end.`);
  return { offset: Number(offset), segments: view(bytes).getUint32(8) };
}
