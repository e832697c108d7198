import { LifeboatError, pathToBytes } from "@lifeboat/contracts";
import { ByteWriter, writeHead } from "../bytes.ts";
import { rowWeight } from "./block-cut.ts";
import { MAX_BLOCK_ROWS } from "./limits.ts";
import { ENTRY_TYPES, type ListRow } from "./row.ts";

/** So many columns has a block. */
export const COLUMNS = 17;
/** A row that weighs more can't be kept. */
const MAX_ROW_WEIGHT = 8 << 20;

/** Gathers the rows of a block, column by column (docs/spec/dedup.md, "Entry lists"). */
export class BlockEncoder {
  readonly #columns = Array.from({ length: COLUMNS }, () => new ByteWriter());
  readonly #texts = new Map<string, number>();
  #rows = 0;
  #previous = new Uint8Array(0);

  get rows(): number {
    return this.#rows;
  }

  /**
   * Adds a row; answers what its block's end is decided by.
   *
   * @throws INVALID where its path and texts are longer than a block can be
   */
  add(row: ListRow): { readonly path: Uint8Array; readonly weight: number } {
    const path = pathToBytes(row.path);
    const target = row.target === undefined ? null : pathToBytes(row.target);
    const { depth, refs } = row.body;
    const texts =
      path.length + (target?.length ?? 0) + textBytes(row.user) + textBytes(row.group) + textBytes(row.section);
    const weight = rowWeight(texts, refs.count);
    if (weight > MAX_ROW_WEIGHT || this.#rows >= MAX_BLOCK_ROWS) throw tooLong(row.path);
    const [
      type,
      paths,
      size,
      mode,
      mtime,
      ctime,
      inode,
      uid,
      gid,
      user,
      group,
      section,
      ,
      targets,
      body,
      lengths,
      ids,
    ] = this.#columns as Columns;
    type.u8(ENTRY_TYPES.indexOf(row.type));
    this.#path(paths, path);
    size.varint(row.size);
    mode.varint(row.mode);
    mtime.f64(row.mtimeMs);
    ctime.f64(row.ctimeMs);
    inode.u64(row.inode);
    uid.varint((row.uid ?? -1) + 1);
    gid.varint((row.gid ?? -1) + 1);
    user.varint(this.#text(row.user));
    group.varint(this.#text(row.group));
    section.varint(this.#text(row.section));
    if (target !== null) {
      targets.varint(target.length);
      targets.put(target);
    }
    if (row.type === "file") {
      body.varint(depth);
      body.varint(refs.count);
      for (let n = 0; n < refs.count; n++) lengths.u64(refs.lengths[n] ?? 0);
      ids.put(refs.ids);
    }
    this.#rows += 1;
    return { path, weight };
  }

  /** The block of all rows so far; the encoder is empty afterwards. */
  take(): Uint8Array {
    const size = this.#columns.reduce((sum, column) => sum + 4 + column.length, 8);
    const out = new ByteWriter(size);
    writeHead(out);
    out.u32(this.#rows);
    for (const column of this.#columns) {
      out.u32(column.length);
      out.put(column.content);
      column.reset();
    }
    this.#texts.clear();
    this.#rows = 0;
    this.#previous = new Uint8Array(0);
    return out.content;
  }

  #path(column: ByteWriter, path: Uint8Array): void {
    const previous = this.#previous;
    const most = Math.min(path.length, previous.length);
    let shared = 0;
    while (shared < most && path[shared] === previous[shared]) shared++;
    column.varint(shared);
    column.varint(path.length - shared);
    column.put(path.subarray(shared));
    this.#previous = path as Uint8Array<ArrayBuffer>;
  }

  /** The number of a text in the block, from 1; 0 for none. */
  #text(text: string | undefined): number {
    if (text === undefined) return 0;
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    const number = this.#texts.size + 1;
    this.#texts.set(text, number);
    const bytes = pathToBytes(text);
    const column = this.#columns[TEXTS];
    column?.varint(bytes.length);
    column?.put(bytes);
    return number;
  }
}

const TEXTS = 12;
type W = ByteWriter;
type Columns = [W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W, W];

function textBytes(text: string | undefined): number {
  return text === undefined ? 0 : Buffer.byteLength(text);
}

function tooLong(path: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation: "dedup.write",
    key: path.slice(0, 200),
    message: `The source gave an entry whose path and texts are longer than a list can hold: ${JSON.stringify(path.slice(0, 200))}.`,
    hint: "Mend the source: names and paths have some thousand bytes at most.",
  });
}
