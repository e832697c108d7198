import { LifeboatError } from "@lifeboat/contracts";
import { decodeTable, encodeTable, sealTrailer, type TableRow, TRAILER_BYTES } from "@lifeboat/crypto";
import { type CodecName, concatBytes } from "@lifeboat/frames";
import { MAX_UNPACKED_BYTES } from "./limits.ts";

/** One of the magic numbers of zstd's skippable frames (RFC 8878 §3.1.2). */
const SKIPPABLE = 0x184d2a5b;
const SKIPPABLE_HEADER = 8;

/** A gzip member's header with an extra field that holds one subfield "LB" (RFC 1952 §2.3.1.1), and what ends it. */
const GZIP_HEADER = 16;
const GZIP_FOOTER = 10; // an empty stored-in-Huffman block, then CRC-32 and length, both 0
const MAX_SUBFIELD = 0xffff - 4;

/** How many bytes after the table's frame stand between its trailer and the end of the file. */
const FOOTER: Readonly<Record<CodecName, number>> = { zstd: 0, gzip: GZIP_FOOTER };

/** The least that must be read from the end of a plain part to find its table. */
export const PLAIN_TAIL_BYTES = TRAILER_BYTES + GZIP_FOOTER;

/**
 * The table and its trailer as a frame that decompressors skip: the last frame of
 * every part.
 *
 * @param offset where the frame begins in the plain file
 */
export function wrapTable(codec: CodecName, rows: readonly TableRow[], offset: number): Uint8Array {
  const payload = concatBytes([encodeTable(rows), sealTrailer(offset, rows.length)]);
  if (codec === "zstd") {
    const header = new DataView(new ArrayBuffer(SKIPPABLE_HEADER));
    header.setUint32(0, SKIPPABLE, true);
    header.setUint32(4, payload.length, true);
    return concatBytes([new Uint8Array(header.buffer), payload]);
  }
  // The trailer must lie whole in the last member, at a fixed distance from the end.
  const table = payload.subarray(0, payload.length - TRAILER_BYTES);
  const members: Uint8Array[] = [];
  for (let at = 0; at < table.length; at += MAX_SUBFIELD)
    members.push(gzipMember(table.subarray(at, at + MAX_SUBFIELD)));
  members.push(gzipMember(payload.subarray(payload.length - TRAILER_BYTES)));
  return concatBytes(members);
}

function gzipMember(extra: Uint8Array): Uint8Array {
  const header = Buffer.from([0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 0, 0, 0x4c, 0x42, 0, 0]);
  header.writeUInt16LE(extra.length + 4, 10);
  header.writeUInt16LE(extra.length, 14);
  return concatBytes([header, extra, Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0, 0])]);
}

/**
 * The table inside its frame.
 *
 * @throws CORRUPT
 */
export function unwrapTable(codec: CodecName, frame: Uint8Array): Uint8Array {
  const payload = codec === "zstd" ? skippablePayload(frame) : gzipPayload(frame);
  if (payload.length < TRAILER_BYTES) throw badTable("it is too short");
  return payload.subarray(0, payload.length - TRAILER_BYTES);
}

function skippablePayload(frame: Uint8Array): Uint8Array {
  if (frame.length < SKIPPABLE_HEADER) throw badTable("it is too short");
  const view = new DataView(frame.buffer, frame.byteOffset);
  if (view.getUint32(0, true) !== SKIPPABLE) throw badTable("it is not a skippable frame");
  if (view.getUint32(4, true) !== frame.length - SKIPPABLE_HEADER) throw badTable("its length is wrong");
  return frame.subarray(SKIPPABLE_HEADER);
}

function gzipPayload(frame: Uint8Array): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < frame.length; ) {
    const view = Buffer.from(frame.buffer, frame.byteOffset + at, frame.length - at);
    if (view.length < GZIP_HEADER + GZIP_FOOTER || view.readUInt32LE(0) !== 0x04088b1f)
      throw badTable("a member is damaged");
    const length = view.readUInt16LE(14);
    const end = GZIP_HEADER + length + GZIP_FOOTER;
    if (view.readUInt16LE(10) !== length + 4 || view.length < end) throw badTable("a member's length is wrong");
    pieces.push(view.subarray(GZIP_HEADER, GZIP_HEADER + length));
    at += end;
  }
  return concatBytes(pieces);
}

/** The trailer of a plain part, cut from its last {@link PLAIN_TAIL_BYTES}. */
export function plainTrailer(codec: CodecName, tail: Uint8Array): Uint8Array {
  const end = tail.length - FOOTER[codec];
  if (end < TRAILER_BYTES) throw badTable("the object is too short");
  return tail.subarray(end - TRAILER_BYTES, end);
}

/**
 * The rows of an unwrapped table, with the limits of archives checked.
 *
 * @throws CORRUPT
 */
export function readTable(table: Uint8Array): readonly Required<TableRow>[] {
  const { rows } = decodeTable(table);
  for (const row of rows) {
    if (row.unpackedLength > MAX_UNPACKED_BYTES)
      throw badTable(`a segment claims to expand to ${row.unpackedLength} bytes`);
  }
  return rows;
}

function badTable(problem: string): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "archive.table",
    message: `The archive's table of segments is damaged: ${problem}.`,
    hint: "Verify the backup, and restore from another one or another site.",
  });
}
