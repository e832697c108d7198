import { MAX_ROOT_REFS } from "../list/limits.ts";
import { BodyBuilder } from "../list/references.ts";
import { type Body, type Refs, refId, refsLength } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { FRAME_BYTES } from "../pack/limits.ts";
import { LEFT_OUT, type PackFile, type PackResult } from "../worker/tasks.ts";
import type { StoreChunk } from "./list-writer.ts";
import type { PreviousRow } from "./previous.ts";
import { refsOf } from "./rows.ts";

/** So many rows are a batch, however little content they have. */
const MAX_ROWS = 1024;

/** A row on its way into the list; `null` for a file that was left out. */
export interface PlacedRow {
  row: ListRow | null;
  /** The row of the previous list, where it is equal. */
  readonly same: PreviousRow | null;
}

/** What a batch came to. */
export interface FilledBatch {
  readonly leftOut: readonly string[];
  /** Bytes of content. */
  readonly bytes: number;
}

/** Rows in their order, and the small files among them that one task is to store. */
export class RowBatch {
  readonly rows: PlacedRow[] = [];
  readonly files: PackFile[] = [];
  /** The rows of the files. */
  readonly #places: number[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.rows.length === 0;
  }

  get isFull(): boolean {
    return this.#bytes >= FRAME_BYTES || this.rows.length >= MAX_ROWS;
  }

  addRow(row: ListRow, same: PreviousRow | null): void {
    this.rows.push({ row, same });
  }

  /** Adds a file whose content is not stored yet. */
  addFile(row: ListRow, file: PackFile, size: number): void {
    this.#places.push(this.rows.length);
    this.rows.push({ row, same: null });
    this.files.push(file);
    this.#bytes += size;
  }

  /** Gives the rows the content that the task found. */
  async fill(result: PackResult, store: StoreChunk): Promise<FilledBatch> {
    const leftOut: string[] = [];
    const changed = new Map(result.changed);
    let from = 0;
    let bytes = 0;
    for (const [n, place] of this.#places.entries()) {
      const placed = this.rows[place];
      if (placed === undefined || placed.row === null) continue;
      const { row } = placed;
      const count = result.counts[n] ?? LEFT_OUT;
      if (count === LEFT_OUT) {
        leftOut.push(row.path);
        placed.row = null;
        continue;
      }
      const refs = refsOf(result, from, count);
      const size = refsLength(refs);
      const { mode, mtimeMs } = changed.get(n) ?? row;
      placed.row = { ...row, size, mode, mtimeMs, body: await bodyOf(refs, store) };
      from += count;
      bytes += size;
    }
    return { leftOut, bytes };
  }
}

async function bodyOf(refs: Refs, store: StoreChunk): Promise<Body> {
  if (refs.count <= MAX_ROOT_REFS) return { depth: 0, refs };
  const builder = new BodyBuilder(store);
  for (let n = 0; n < refs.count; n++) await builder.add(refs.lengths[n] ?? 0, refId(refs, n));
  return builder.end();
}
