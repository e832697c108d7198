// Sealed objects in pieces that can be put together wrongly.
import { view } from "../../src/lib/bytes.ts";
import { finishHeader, type SealedKind } from "../../src/lib/header.ts";
import { nodePrimitives } from "../../src/lib/node-primitives.ts";
import { objectKeys } from "../../src/lib/open-header.ts";
import type { SealState } from "../../src/lib/segment.ts";
import { encodeTable, type TableRow } from "../../src/lib/table.ts";
import { sealTrailer } from "../../src/lib/trailer.ts";
import { concat, fixedSealing, named, siteKey, utf8 } from "./fixed.ts";

export interface PartsOptions {
  readonly name: string;
  readonly suite: 1 | 2;
  readonly kind?: SealedKind;
  readonly keyBlock?: Uint8Array;
  readonly content?: readonly Uint8Array[];
  /** In place of the table that would be right. */
  readonly table?: Uint8Array;
  readonly extra?: Uint8Array;
}

export interface Parts {
  readonly header: Uint8Array;
  readonly state: SealState;
  readonly content: readonly Uint8Array[];
  readonly data: readonly Uint8Array[];
  readonly last: Uint8Array;
  readonly trailer: Uint8Array;
}

export function contentOf(name: string, lengths: readonly number[]): Uint8Array[] {
  return lengths.map((length, i) => named(`${name} content ${i}`, length));
}

export function rowsOf(content: readonly Uint8Array[]): TableRow[] {
  return content.map(({ length }) => ({ length, unpackedLength: length }));
}

/** An archive part's table in its frame: docs/spec/archive.md, "Table", for zstd. */
export function wrap(table: Uint8Array, content: readonly Uint8Array[]): Uint8Array {
  const payload = concat(table, sealTrailer(concat(...content).length, content.length));
  const head = new Uint8Array(8);
  view(head).setUint32(0, 0x5b2a4d18);
  view(head).setUint32(4, payload.length, true);
  return concat(head, payload);
}

/** The table out of its frame. */
export function unwrap(wrapped: Uint8Array): Uint8Array {
  return wrapped.subarray(8, -20);
}

export function makeParts(options: PartsOptions): Parts {
  const { name, suite, kind = 2, keyBlock = utf8("slots"), content = contentOf(name, [40, 40, 20]), extra } = options;
  const sealing = fixedSealing(name);
  const { header, state } = sealing.beginSeal({ kind, suite, siteKey, keyBlock });
  const table = options.table ?? encodeTable(rowsOf(content), extra);
  const data = content.map((plaintext, i) => sealing.sealSegment(state, i, false, plaintext));
  const last = sealing.sealSegment(state, content.length, true, kind === 1 ? wrap(table, content) : table);
  return { header, state, content, data, last, trailer: trailerOf(header, data) };
}

/** The trailer that fits what comes before the last segment. */
export function trailerOf(header: Uint8Array, data: readonly Uint8Array[], count = data.length): Uint8Array {
  return sealTrailer(concat(header, ...data).length, count);
}

export function join({ header, data, last, trailer }: Pick<Parts, "header" | "data" | "last" | "trailer">): Uint8Array {
  return concat(header, ...data, last, trailer);
}

/** A header with other bytes and the check that fits them: what someone without the key can make. */
export function forgeHeader(header: Uint8Array, change: (body: Uint8Array) => void): Uint8Array {
  const body = header.slice(0, -16);
  change(body);
  return finishHeader(nodePrimitives, body).header;
}

/** The same by the holder of the key, whose segments then open. */
export function stateFor(header: Uint8Array, suite: 1 | 2): SealState {
  const digest = nodePrimitives.sha256(header.slice(0, -16));
  return { suite, key: objectKeys(nodePrimitives, siteKey, header.slice(16, 48)).sealKey(digest) };
}

export function setU32(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  view(copy).setUint32(at < 0 ? copy.length + at : at, value);
  return copy;
}
