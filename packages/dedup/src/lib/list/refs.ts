import { ID_BYTES } from "../bytes.ts";

/** References: chunks' ids, each with the bytes of content beneath it. */
export interface Refs {
  readonly count: number;
  /** Bytes of content beneath each. */
  readonly lengths: ArrayLike<number>;
  /** 32 bytes for each. */
  readonly ids: Uint8Array;
}

/** Where a file's content, or a list's blocks, are. */
export interface Body {
  /** 0: the references are to the chunks themselves; else to reference chunks of `depth - 1`. */
  readonly depth: number;
  readonly refs: Refs;
}

/** Without content. */
export const NO_REFS: Refs = { count: 0, lengths: [], ids: new Uint8Array(0) };
/** The body of an empty file. */
export const EMPTY_BODY: Body = { depth: 0, refs: NO_REFS };

/** References that are added one by one. */
export class RefList implements Refs {
  lengths: number[] = [];
  #ids = new Uint8Array(ID_BYTES);

  get count(): number {
    return this.lengths.length;
  }

  get ids(): Uint8Array {
    return this.#ids.subarray(0, this.count * ID_BYTES);
  }

  add(length: number, id: Uint8Array): void {
    const at = this.count * ID_BYTES;
    if (at === this.#ids.length) {
      const larger = new Uint8Array(2 * at);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids.set(id, at);
    this.lengths.push(length);
  }
}

/** The id of one of the references. */
export function refId({ ids }: Refs, n: number): Uint8Array {
  return ids.subarray(n * ID_BYTES, (n + 1) * ID_BYTES);
}

/** Bytes of content beneath all of them. */
export function refsLength({ count, lengths }: Refs): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += lengths[n] ?? 0;
  return sum;
}

/** Whether two bodies refer to the same content in the same way: then it is the same. */
export function sameBody(a: Body, b: Body): boolean {
  return a.depth === b.depth && a.refs.count === b.refs.count && Buffer.compare(a.refs.ids, b.refs.ids) === 0;
}
