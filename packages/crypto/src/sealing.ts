// Sealed objects alone: what a worker thread bundles, without keys and Argon2.

export type { SealBytes } from "./lib/field.ts";
export { FIXED_HEADER_BYTES, headerLength, MAX_KEY_BLOCK_BYTES, type SealedHeader, SealedKind } from "./lib/header.ts";
export type { Span, UnwrapTable } from "./lib/layout.ts";
export {
  beginSeal,
  openBytes,
  openHeader,
  openSealed,
  openSegment,
  parseHeader,
  sealBytes,
  sealSegment,
  sealStream,
  unsealStream,
} from "./lib/node-sealing.ts";
export type { SiteKeySource } from "./lib/open-header.ts";
export type { SealStreamOptions } from "./lib/seal-stream.ts";
export type { RandomReader, SealedReader, SegmentsOptions } from "./lib/sealed-reader.ts";
export type { BeginSeal, Sealing } from "./lib/sealing.ts";
export { MAX_SEGMENT_BYTES, MAX_TABLE_BYTES, SEGMENT_OVERHEAD, type SealState } from "./lib/segment.ts";
export { decodeTable, encodeTable, type SealedTable, type TableRow } from "./lib/table.ts";
export { parseTrailer, sealTrailer, TRAILER_BYTES, type Trailer } from "./lib/trailer.ts";
export type { UnsealOptions } from "./lib/unseal-stream.ts";
