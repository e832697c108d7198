import type { AbortOptions } from "@lifeboat/contracts";
import { invalid } from "./errors.ts";
import type { Primitives } from "./primitives.ts";
import type { BeginSeal, Sealing } from "./sealing.ts";
import { MAX_SEGMENT_BYTES, sealSegment } from "./segment.ts";
import { encodeTable, type TableRow } from "./table.ts";
import { sealTrailer } from "./trailer.ts";

/** How to seal a stream. */
export interface SealStreamOptions extends BeginSeal, AbortOptions {
  /** Bytes of content in a segment, 1 to 16 MiB. Default: 1 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Wraps the table, where the kind wants it (archive parts). Default: not wrapped. */
  readonly wrapTable?: ((table: Uint8Array) => Uint8Array) | undefined;
}

/** Docs: `Sealing.sealStream`. */
export async function* sealStream(
  p: Primitives,
  begin: Sealing["beginSeal"],
  input: AsyncIterable<Uint8Array>,
  options: SealStreamOptions,
): AsyncGenerator<Uint8Array> {
  const { segmentBytes = 1024 * 1024, wrapTable, signal } = options;
  if (!Number.isInteger(segmentBytes) || segmentBytes < 1 || segmentBytes > MAX_SEGMENT_BYTES) {
    throw invalid("sealed.seal", `Expected segments of 1 to ${MAX_SEGMENT_BYTES} bytes, found ${segmentBytes}.`);
  }
  signal?.throwIfAborted();
  const { header, state } = begin(options);
  const rows: TableRow[] = [];
  const buffer = new Uint8Array(segmentBytes);
  let held = 0;
  let offset = header.length;

  function flush(): Uint8Array {
    const segment = sealSegment(p, state, rows.length, false, buffer.subarray(0, held));
    rows.push({ length: held, unpackedLength: held });
    offset += segment.length;
    held = 0;
    return segment;
  }

  yield header;
  for await (const piece of input) {
    signal?.throwIfAborted();
    for (let at = 0; at < piece.length; ) {
      const taken = Math.min(piece.length - at, segmentBytes - held);
      buffer.set(piece.subarray(at, at + taken), held);
      held += taken;
      at += taken;
      if (held === segmentBytes) yield flush();
    }
  }
  signal?.throwIfAborted();
  if (held > 0) yield flush();
  const table = encodeTable(rows);
  yield sealSegment(p, state, rows.length, true, wrapTable === undefined ? table : wrapTable(table));
  yield sealTrailer(offset, rows.length);
}
