import { type EntryType, entryPathProblem, pathFromBytes } from "@lifeboat/contracts";
import { ByteReader, ID_BYTES, readHead } from "../bytes.ts";
import { corrupt, type Refuse } from "../errors.ts";
import { COLUMNS } from "./encode-block.ts";
import { MAX_BLOCK_ROWS, MAX_PATHS_BYTES, MAX_ROOT_REFS } from "./limits.ts";
import { bodyProblem } from "./references.ts";
import { type Body, EMPTY_BODY, NO_REFS } from "./refs.ts";
import { ENTRY_TYPES, type ListRow } from "./row.ts";

/**
 * The rows of a block; they keep none of its memory.
 *
 * @throws CORRUPT where it is not as docs/spec/dedup.md says; UNSUPPORTED
 */
export function decodeBlock(block: Uint8Array): ListRow[] {
  const refuse: Refuse = (problem) => {
    throw corrupt("A block of an entry list", problem);
  };
  const bytes = new ByteReader(block, refuse);
  readHead(bytes, "an entry list", refuse);
  const count = bytes.u32();
  if (count === 0 || count > MAX_BLOCK_ROWS) refuse(`it has ${count} rows`);
  const readers: ByteReader[] = [];
  for (let n = 0; n < COLUMNS; n++) {
    const column = bytes.take(bytes.u32());
    readers.push(new ByteReader(n === COLUMNS - 1 ? column.slice() : column, refuse)); // ids stay with the rows
  }
  bytes.end();
  const columns = new BlockColumns(readers as Columns, refuse);
  const rows: ListRow[] = [];
  for (let n = 0; n < count; n++) rows.push(columns.row());
  for (const column of readers) column.end();
  return rows;
}

type R = ByteReader;
type Columns = [R, R, R, R, R, R, R, R, R, R, R, R, R, R, R, R, R];

/** Reads the columns side by side. */
class BlockColumns {
  readonly #columns: Columns;
  readonly #refuse: Refuse;
  readonly #texts: readonly string[];
  #path = new Uint8Array(256);
  #pathLength = 0;
  #pathsBytes = 0;

  constructor(columns: Columns, refuse: Refuse) {
    this.#columns = columns;
    this.#refuse = refuse;
    this.#texts = readTexts(columns[12], refuse);
  }

  row(): ListRow {
    const [types, , sizes, modes, mtimes, ctimes, inodes, uids, gids, users, groups, sections] = this.#columns;
    const type = ENTRY_TYPES[types.u8()] ?? this.#refuse("a row has a type that is none");
    const path = this.#nextPath();
    const bad = (problem: string): never => this.#refuse(`its row ${JSON.stringify(path)} cannot be: ${problem}`);
    const problem = entryPathProblem(path);
    if (problem !== null) bad(problem);
    const size = sizes.varint();
    if (size !== 0 && type !== "file") bad(`a ${type} has content`);
    const mode = modes.varint();
    if (mode > 0o7777) bad("its mode is out of range");
    const mtimeMs = mtimes.f64();
    if (!Number.isFinite(mtimeMs)) bad("its time is not a number");
    const ctimeMs = ctimes.f64();
    if (Math.abs(ctimeMs) === Number.POSITIVE_INFINITY) bad("its time is not a number");
    const inode = inodes.u64();
    const uid = uids.varint();
    const gid = gids.varint();
    return {
      path,
      type,
      size,
      mode,
      mtimeMs,
      ctimeMs,
      inode,
      uid: uid === 0 ? undefined : uid - 1,
      gid: gid === 0 ? undefined : gid - 1,
      user: this.#text(users, bad),
      group: this.#text(groups, bad),
      section: this.#text(sections, bad),
      target: this.#target(type, bad),
      body: type === "file" ? this.#body(size, bad) : EMPTY_BODY,
    };
  }

  #nextPath(): string {
    const column = this.#columns[1];
    const shared = column.varint();
    const rest = column.varint();
    if (shared > this.#pathLength) this.#refuse("a path shares more than there is");
    const length = shared + rest;
    this.#pathsBytes += length;
    if (this.#pathsBytes > MAX_PATHS_BYTES) this.#refuse("its paths are too long");
    const tail = column.take(rest);
    if (length > this.#path.length) {
      const larger = new Uint8Array(2 * length);
      larger.set(this.#path.subarray(0, shared));
      this.#path = larger;
    }
    this.#path.set(tail, shared);
    this.#pathLength = length;
    return pathFromBytes(this.#path.subarray(0, length));
  }

  #text(column: ByteReader, bad: Refuse): string | undefined {
    const number = column.varint();
    if (number === 0) return undefined;
    return this.#texts[number - 1] ?? bad(`it has text ${number}, which is none`);
  }

  #target(type: EntryType, bad: Refuse): string | undefined {
    if (type !== "symlink" && type !== "hardlink") return undefined;
    const column = this.#columns[13];
    const target = pathFromBytes(column.take(column.varint()));
    if (type === "hardlink" && entryPathProblem(target) !== null) bad("its target is not a path of the backup");
    return target;
  }

  #body(size: number, bad: Refuse): Body {
    const [bodies, lengths, ids] = [this.#columns[14], this.#columns[15], this.#columns[16]];
    const depth = bodies.varint();
    const count = bodies.varint();
    if (count > MAX_ROOT_REFS) bad(`it has ${count} references`);
    if (count === 0) return size === 0 && depth === 0 ? EMPTY_BODY : bad("it has no references");
    const all = new Float64Array(count);
    for (let n = 0; n < count; n++) all[n] = lengths.u64();
    const body = { depth, refs: { ...NO_REFS, count, lengths: all, ids: ids.take(count * ID_BYTES) } };
    const problem = bodyProblem(body, size);
    return problem === null ? body : bad(problem);
  }
}

/** A row has three texts at most. */
const MAX_TEXTS = 3 * MAX_BLOCK_ROWS;

function readTexts(column: ByteReader, refuse: Refuse): string[] {
  const texts: string[] = [];
  while (column.left > 0) {
    if (texts.length === MAX_TEXTS) refuse(`it has more than ${MAX_TEXTS} texts`);
    texts.push(pathFromBytes(column.take(column.varint())));
  }
  return texts;
}
