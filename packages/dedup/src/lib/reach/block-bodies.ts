import { ByteReader, ID_BYTES, readHead } from "../bytes.ts";
import { corrupt, type Refuse } from "../errors.ts";
import { COLUMNS } from "../list/encode-block.ts";
import { MAX_BLOCK_ROWS, MAX_DEPTH, MAX_ROOT_REFS } from "../list/limits.ts";

/** The references of one row of a block. */
export interface BlockBody {
  readonly depth: number;
  readonly count: number;
  /** Bytes of content beneath each; read only while nothing else is. */
  readonly lengths: Float64Array;
  /** 32 bytes for each. */
  readonly ids: Uint8Array;
}

/**
 * What the rows of a block refer to, and nothing else of them: their last three columns.
 *
 * @throws CORRUPT, UNSUPPORTED
 */
export function* blockBodies(block: Uint8Array): Generator<BlockBody> {
  const refuse: Refuse = (problem) => {
    throw corrupt("A block of an entry list", problem);
  };
  const bytes = new ByteReader(block, refuse);
  readHead(bytes, "an entry list", refuse);
  const rows = bytes.u32();
  if (rows === 0 || rows > MAX_BLOCK_ROWS) refuse(`it has ${rows} rows`);
  for (let n = 0; n < COLUMNS - 3; n++) bytes.take(bytes.u32());
  const column = () => new ByteReader(bytes.take(bytes.u32()), refuse);
  const [bodies, lengths, ids] = [column(), column(), column()];
  bytes.end();
  const all = new Float64Array(MAX_ROOT_REFS);
  while (bodies.left > 0) {
    const depth = bodies.varint();
    const count = bodies.varint();
    if (depth > MAX_DEPTH || count > MAX_ROOT_REFS) refuse(`a row has ${count} references of depth ${depth}`);
    for (let n = 0; n < count; n++) all[n] = lengths.u64();
    yield { depth, count, lengths: all, ids: ids.take(count * ID_BYTES) };
  }
  ids.end();
}
