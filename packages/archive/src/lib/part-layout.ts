import { type AbortOptions, LifeboatError, type SiteSecret, type Storage } from "@lifeboat/contracts";
import {
  headerLength,
  MAX_TABLE_BYTES,
  openHeader,
  openSegment,
  parseHeader,
  parseTrailer,
  SEGMENT_OVERHEAD,
  SealedKind,
  type SealState,
  TRAILER_BYTES,
} from "@lifeboat/crypto";
import { type CodecName, collectBytes, type SegmentPlace } from "@lifeboat/frames";
import { PLAIN_TAIL_BYTES, plainTrailer, readTable, unwrapTable } from "./table.ts";

/** Where everything lies in a part's object. */
export interface PartLayout {
  readonly key: string;
  readonly codec: CodecName;
  /** `null` where the part is not encrypted. */
  readonly seal: SealState | null;
  /** The key slots that the object carries; empty where it is not encrypted. */
  readonly segments: readonly PartSegment[];
}

/** Where a segment of a part lies, and what it is. */
export interface PartSegment extends SegmentPlace {
  readonly unpackedLength: number;
  readonly content: number;
}

/** A part's object, from its name. */
export interface PartObject {
  readonly source: string;
  readonly codec: CodecName;
  readonly sealed: boolean;
}

/** The extension of a part's object: `tar` and this. */
const EXTENSION: Readonly<Record<CodecName, string>> = { zstd: ".zst", gzip: ".gz" };

/** The name of a source's object in its backup's folder. */
export function partName({ source, codec, sealed }: PartObject): string {
  return `${source}.tar${EXTENSION[codec]}${sealed ? ".sealed" : ""}`;
}

/** What an object's name says, or `null` where it is not a part's. */
export function parsePartName(name: string): PartObject | null {
  const match = /^(.+)\.tar\.(zst|gz)(\.sealed)?$/.exec(name);
  if (match?.[1] === undefined) return null;
  return { source: match[1], codec: match[2] === "gz" ? "gzip" : "zstd", sealed: match[3] !== undefined };
}

/** How much is read from each end of an object at first: mostly all that is needed. */
const HEAD_BYTES = 8 * 1024;
const TAIL_BYTES = 64 * 1024;
/** The longest table, in the longest frame or segment around it: where it begins is only claimed. */
const MAX_FRAME_BYTES = MAX_TABLE_BYTES + 64 * 1024;

/**
 * Finds everything in a part by its table, in two reads, or three where the table is large.
 *
 * @throws NOT_FOUND, CORRUPT, WRONG_KEY, UNSUPPORTED; INCOMPATIBLE where it is not encrypted as the site is
 */
export async function openPart(
  storage: Storage,
  key: string,
  object: PartObject,
  size: number,
  secret: SiteSecret | null,
  options: AbortOptions = {},
): Promise<PartLayout> {
  if (secret === null && object.sealed)
    throw badLayout(key, "it is sealed, and the site is not encrypted", "INCOMPATIBLE");
  // Anyone can have written it: no manifest made anew may vouch for it.
  if (secret !== null && !object.sealed)
    throw badLayout(key, "it is not sealed, and the site is encrypted", "INCOMPATIBLE");
  const read = (start: number, end: number) => readExactly(storage, key, start, end, options);
  const tailStart = Math.max(0, size - TAIL_BYTES);
  const [head, tail] = await Promise.all([
    object.sealed ? read(0, Math.min(HEAD_BYTES, size)) : null,
    read(tailStart, size),
  ]);
  const readFrame = (start: number, end: number) => {
    if (end - start > MAX_FRAME_BYTES) throw badLayout(key, "its table would be longer than any can be");
    return start >= tailStart ? tail.subarray(start - tailStart, end - tailStart) : read(start, end);
  };

  if (head === null || secret === null) {
    const trailer = parseTrailer(plainTrailer(object.codec, tail.subarray(-Math.min(tail.length, PLAIN_TAIL_BYTES))));
    if (trailer.offset >= size) throw badLayout(key, "its trailer points past its end");
    const table = readTable(unwrapTable(object.codec, await readFrame(trailer.offset, size)));
    return {
      key,
      codec: object.codec,
      seal: null,
      segments: places(key, table, 0, 0, trailer.offset, trailer.segments),
    };
  }
  const length = headerLength(head);
  const header = parseHeader(length <= head.length ? head.subarray(0, length) : await read(0, Math.min(length, size)));
  if (header.kind !== SealedKind.archivePart)
    throw badLayout(key, "it is a sealed object of another kind", "INCOMPATIBLE");
  const seal = openHeader(header, secret.key);
  const trailer = parseTrailer(tail.subarray(-TRAILER_BYTES));
  if (trailer.offset >= size - TRAILER_BYTES) throw badLayout(key, "its trailer points past its end");
  const frame = openSegment(seal, trailer.segments, true, await readFrame(trailer.offset, size - TRAILER_BYTES));
  const table = readTable(unwrapTable(object.codec, frame));
  const segments = places(key, table, length, SEGMENT_OVERHEAD, trailer.offset, trailer.segments);
  return { key, codec: object.codec, seal, segments };
}

function places(
  key: string,
  table: ReturnType<typeof readTable>,
  start: number,
  overhead: number,
  end: number,
  count: number,
): PartSegment[] {
  let offset = start;
  const segments = table.map((row) => {
    const place = { offset, storedLength: row.length + overhead, unpackedLength: row.unpackedLength, content: row.tag };
    offset += place.storedLength;
    return place;
  });
  if (offset !== end || segments.length !== count) throw badLayout(key, "its table contradicts its trailer");
  return segments;
}

/**
 * Exactly the bytes from `start` to `end`.
 *
 * @throws CORRUPT where the object ends before
 */
async function readExactly(
  storage: Storage,
  key: string,
  start: number,
  end: number,
  options: AbortOptions,
): Promise<Uint8Array> {
  const bytes = await collectBytes(storage.get(key, { ...options, range: { start, end } }));
  if (bytes.length !== end - start) throw badLayout(key, `it ends at byte ${start + bytes.length}, before byte ${end}`);
  return bytes;
}

export function badLayout(key: string, problem: string, code: "CORRUPT" | "INCOMPATIBLE" = "CORRUPT"): LifeboatError {
  return new LifeboatError({
    code,
    operation: "archive.open",
    key,
    message: `The archive ${key} can't be read: ${problem}.`,
    hint: "Verify the backup, and restore from another one or another site.",
  });
}
