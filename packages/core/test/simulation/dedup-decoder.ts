// A reader of the dedup format for the simulation's observer, written from docs/spec/dedup.md and not from the
// code under test. It knows what simulated sites hold: no encryption, few chunks, no chunks of references.
import { gunzipSync } from "node:zlib";
import { decodeTable, openHeader, openSegment, parseHeader, parseTrailer, type SealedKind } from "@lifeboat/crypto";
import { type Codec, openCodec, setupCodec } from "@lifeboat/frames";

const KEY = new Uint8Array(32);
const ID_BYTES = 32;
const SEALED_MORE = 20;
const TRAILER_BYTES = 20;

let zstd: Codec | undefined;

/** Compiles what decompresses: the one thing that takes a turn of the event loop. */
export async function prepareDecoder(): Promise<void> {
  zstd ??= await openCodec(await setupCodec("zstd", 1));
}

/** A chunk where it lies. */
export interface SeenChunk {
  readonly id: string;
  read(): Uint8Array;
}

/** A sealed object, opened whole. */
function unseal(object: Uint8Array, kind: SealedKind) {
  const header = parseHeader(object);
  const state = openHeader(header, KEY, kind);
  const { offset, segments } = parseTrailer(object.subarray(-TRAILER_BYTES));
  const end = object.length - TRAILER_BYTES;
  const { rows, extra } = decodeTable(openSegment(state, segments, true, object.subarray(offset, end)));
  const starts: number[] = [];
  let at = header.length;
  for (const { length } of rows) {
    starts.push(at);
    at += length + SEALED_MORE;
  }
  const plain = (n: number): Uint8Array => {
    const row = rows[n];
    const start = starts[n] ?? 0;
    if (row === undefined) throw new Error(`There is no segment ${n}.`);
    const bytes = openSegment(state, n, false, object.subarray(start, start + row.length + SEALED_MORE));
    if (row.tag === 0) return bytes;
    if (row.tag === 2) return gunzipSync(bytes);
    if (zstd === undefined) throw new Error("The decoder is not prepared.");
    return zstd.expand(bytes, row.unpackedLength).slice();
  };
  return { rows, extra, plain };
}

/** The chunks of a pack, by its own table. */
export function chunksOfPack(object: Uint8Array): readonly SeenChunk[] {
  const { rows, extra, plain } = unseal(object, 2);
  const { u32, hex } = cursor(extra, 4);
  const counts = rows.map(u32);
  const lengths = counts.map((count) => Array.from({ length: count }, u32));
  return lengths.flatMap((frame, n) => {
    let from = 0;
    return frame.map((length) => {
      const start = from;
      from += length;
      return { id: hex(ID_BYTES), read: () => plain(n).slice(start, start + length) };
    });
  });
}

/** The packs that an index object tells of. */
export function packsOfIndex(object: Uint8Array): readonly string[] {
  const { u32, hex } = cursor(unseal(object, 3).plain(0), 4);
  const [packs] = [u32(), u32(), u32()];
  return Array.from({ length: packs ?? 0 }, () => hex(16));
}

/** The chunks of a part's entry list. */
export function listOfPart(object: Uint8Array): readonly string[] {
  const { list } = JSON.parse(Buffer.from(unseal(object, 4).plain(0)).toString("utf8")) as {
    list: { depth: number; refs: [number, string][] };
  };
  if (list.depth > 0) throw new Error("An entry list of a simulated site is short.");
  return list.refs.map(([, id]) => id);
}

/** A row of an entry list, as far as a simulated source has any. */
export interface SeenRow {
  readonly path: string;
  readonly size: number;
  readonly chunks: readonly string[];
}

const COLUMNS = 17;

/** The rows of a block of an entry list. */
export function rowsOfBlock(block: Uint8Array): readonly SeenRow[] {
  const { u32, take } = cursor(block, 4);
  const rows = u32();
  const columns = Array.from({ length: COLUMNS }, () => cursor(take(u32()), 0));
  const column = (n: number) => columns[n - 1] ?? cursor(new Uint8Array(), 0);
  let previous = Buffer.alloc(0);
  return Array.from({ length: rows }, () => {
    if (column(1).u8() !== 0) throw new Error("A simulated source has files alone.");
    const shared = column(2).varint();
    previous = Buffer.concat([previous.subarray(0, shared), column(2).take(column(2).varint())]);
    const path = previous.toString("utf8");
    const size = column(3).varint();
    const [depth, count] = [column(15).varint(), column(15).varint()];
    if (depth > 0) throw new Error("A simulated file is short.");
    return { path, size, chunks: Array.from({ length: count }, () => column(17).hex(ID_BYTES)) };
  });
}

/** Reads numbers and bytes, one after the other. */
function cursor(bytes: Uint8Array, start: number) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  const take = (length: number): Uint8Array => {
    at += length;
    if (at > bytes.length) throw new Error("It ends too early.");
    return bytes.subarray(at - length, at);
  };
  const u8 = () => take(1)[0] ?? 0;
  return {
    take,
    u8,
    u32: (): number => {
      at += 4;
      return view.getUint32(at - 4);
    },
    hex: (length: number) => Buffer.from(take(length)).toString("hex"),
    varint(): number {
      let value = 0;
      for (let factor = 1; ; factor *= 128) {
        const byte = u8();
        value += (byte & 127) * factor;
        if (byte < 128) return value;
      }
    },
  };
}
