import { ByteReader, ByteWriter, ID_BYTES, readHead, writeHead } from "../bytes.ts";
import { corrupt } from "../errors.ts";
import { MAX_CHUNK_BYTES } from "../pack/limits.ts";
import { MAX_CHUNK_REFS, MAX_DEPTH, MAX_ROOT_REFS, MIN_CHUNK_REFS } from "./limits.ts";
import { type Body, RefList, type Refs, refId, refsLength } from "./refs.ts";

/** A reference chunk (docs/spec/dedup.md, "References"). */
export function encodeReferences({ count, lengths, ids }: Refs): Uint8Array {
  const out = new ByteWriter(8 + count * (8 + ID_BYTES));
  writeHead(out);
  out.u32(count);
  for (let n = 0; n < count; n++) out.u64(lengths[n] ?? 0);
  out.put(ids);
  return out.content;
}

/**
 * Reads a reference chunk.
 *
 * @param depth that of the body whose reference led here: 1 where these are chunks themselves
 * @param length bytes of content that the reference said are beneath
 * @throws CORRUPT where the lengths disagree, or one is out of its limits; UNSUPPORTED
 */
export function decodeReferences(chunk: Uint8Array, depth: number, length: number): Refs {
  const refuse = (problem: string): never => {
    throw corrupt("A reference chunk", problem);
  };
  const bytes = new ByteReader(chunk, refuse);
  readHead(bytes, "a reference chunk", refuse);
  const count = bytes.u32();
  if (count === 0 || count > MAX_CHUNK_REFS) refuse(`it has ${count} references`);
  if (bytes.left !== count * (8 + ID_BYTES)) refuse("its length does not fit");
  const lengths = new Float64Array(count);
  for (let n = 0; n < count; n++) lengths[n] = bytes.u64();
  const refs = { count, lengths, ids: bytes.take(count * ID_BYTES).slice() };
  const problem = bodyProblem({ depth: depth - 1, refs }, length);
  if (problem !== null) refuse(problem);
  return refs;
}

/** What is wrong with a body of `length` bytes, or `null`. */
export function bodyProblem({ depth, refs }: Body, length: number): string | null {
  if (depth > MAX_DEPTH) return `its depth is ${depth}`;
  for (let n = 0; n < refs.count; n++) {
    const one = refs.lengths[n] ?? 0;
    if (one < 1 || (depth === 0 && one > MAX_CHUNK_BYTES)) return `a reference is to ${one} bytes`;
  }
  const sum = refsLength(refs);
  return sum === length ? null : `its references are to ${sum} bytes, expected ${length}`;
}

/** Stores a chunk of references, and answers its id. */
export type StoreReferences = (chunk: Uint8Array) => Promise<Uint8Array>;

/** Makes a body of references that are added one by one, with at most some thousands of them in memory. */
export class BodyBuilder {
  readonly #store: StoreReferences;
  readonly #levels: RefList[] = [new RefList()];

  constructor(store: StoreReferences) {
    this.#store = store;
  }

  /** Adds a chunk; a promise only where reference chunks have to be stored. */
  add(length: number, id: Uint8Array): Promise<void> | undefined {
    return this.#add(0, length, id);
  }

  /** The body; the builder is used up. */
  async end(): Promise<Body> {
    for (let depth = 0; ; depth++) {
      const refs = this.#levels[depth] ?? new RefList();
      const isTop = depth === this.#levels.length - 1;
      if (isTop && refs.count <= MAX_ROOT_REFS) return { depth, refs };
      if (refs.count > 0) await this.#flush(depth);
    }
  }

  #add(depth: number, length: number, id: Uint8Array): Promise<void> | undefined {
    let refs = this.#levels[depth];
    if (refs === undefined) {
      refs = new RefList();
      this.#levels[depth] = refs;
    }
    refs.add(length, id);
    return isReferencesEnd(refs.count, id) ? this.#flush(depth) : undefined;
  }

  async #flush(depth: number): Promise<void> {
    const refs = this.#levels[depth] ?? new RefList();
    this.#levels[depth] = new RefList();
    const id = await this.#store(encodeReferences(refs));
    await this.#add(depth + 1, refsLength(refs), id);
  }
}

/** Whether a reference chunk of so many references ends after this id: the top 10 bits of its first u16 decide. */
function isReferencesEnd(count: number, id: Uint8Array): boolean {
  if (count >= MAX_CHUNK_REFS) return true;
  return count >= MIN_CHUNK_REFS && id[0] === 0 && (id[1] ?? 0) < 64;
}

/** Every reference of a body, whatever its depth, as `read` finds the chunks of references. */
export async function* chunksOfBody(
  { depth, refs }: Body,
  read: (id: Uint8Array, depth: number, length: number) => Promise<Uint8Array>,
): AsyncGenerator<Refs> {
  if (depth === 0) {
    if (refs.count > 0) yield refs;
    return;
  }
  for (let n = 0; n < refs.count; n++) {
    const length = refs.lengths[n] ?? 0;
    const chunk = await read(refId(refs, n), depth, length);
    yield* chunksOfBody({ depth: depth - 1, refs: decodeReferences(chunk, depth, length) }, read);
  }
}
