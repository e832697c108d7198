import { LifeboatError } from "@lifeboat/contracts";

/** The C library, built to WebAssembly: 85 % of native speed, for a Node without zstd of its own. */
export interface ZstdWasm {
  /** One frame at `level`; the answer lies in memory that the next call uses again. */
  compress(plain: Uint8Array, level: number): Uint8Array;
  /** What a frame expands to, of exactly `size` bytes, in memory that the next call uses again; `null` where it is not that. */
  expand(frame: Uint8Array, size: number): Uint8Array | null;
}

// The build's exports have minified names; the dependency is pinned to this very
// build, and a test compares its results with the zstd program's.
interface Exports {
  readonly c: WebAssembly.Memory;
  readonly d: () => void;
  readonly f: (bytes: number) => number;
  readonly g: (pointer: number) => void;
  readonly h: (bytes: number) => number;
  readonly i: (to: number, capacity: number, from: number, bytes: number, level: number) => number;
  readonly j: (to: number, capacity: number, from: number, bytes: number) => number;
}

const PAGE = 65_536;
const MAX_PAGES = 4096; // 256 MiB: a segment and its frame need a fraction of it

/** This thread's instances, as long as anybody uses them: each has memory of its own, which never shrinks. */
const instances = new WeakMap<WebAssembly.Module, WeakRef<ZstdWasm>>();

/** The thread's instance, which all of its codecs share. */
export async function openZstd(module: WebAssembly.Module): Promise<ZstdWasm> {
  const known = instances.get(module)?.deref();
  if (known !== undefined) return known;
  const made = await instantiateZstd(module);
  instances.set(module, new WeakRef(made));
  return made;
}

async function instantiateZstd(module: WebAssembly.Module): Promise<ZstdWasm> {
  const grow = (bytes: number): boolean => {
    const pages = Math.ceil((bytes >>> 0) / PAGE);
    if (pages > MAX_PAGES) return false;
    const missing = pages - exports.c.buffer.byteLength / PAGE;
    if (missing > 0) exports.c.grow(missing);
    return true;
  };
  const move = (to: number, from: number, bytes: number) => {
    new Uint8Array(exports.c.buffer).copyWithin(to, from, from + bytes);
  };
  const instance = await WebAssembly.instantiate(module, { a: { a: grow, b: move } });
  const exports = instance.exports as unknown as Exports;
  exports.d();
  const input = heapRegion(exports);
  const output = heapRegion(exports);
  const heap = (pointer: number, bytes: number) => new Uint8Array(exports.c.buffer, pointer, bytes);

  return {
    compress(plain, level) {
      const capacity = exports.h(plain.length);
      const from = input(plain.length);
      const to = output(capacity);
      heap(from, plain.length).set(plain);
      const bytes = exports.i(to, capacity, from, plain.length, level);
      if (bytes === -1) {
        throw new LifeboatError({
          code: "INVALID",
          operation: "frames.compress",
          message: "zstd refused to compress.",
        });
      }
      return heap(to, bytes);
    },
    expand(frame, size) {
      const from = input(frame.length);
      const to = output(size);
      heap(from, frame.length).set(frame);
      const bytes = exports.j(to, size, from, frame.length);
      return bytes === size ? heap(to, bytes) : null;
    },
  };
}

/** A region of the WebAssembly heap that grows to the largest request and is kept. */
function heapRegion(exports: Exports): (bytes: number) => number {
  let pointer = 0;
  let capacity = 0;
  return (bytes) => {
    if (bytes <= capacity && pointer !== 0) return pointer;
    if (pointer !== 0) exports.g(pointer);
    capacity = Math.max(bytes, 1);
    pointer = exports.f(capacity);
    if (pointer === 0) {
      capacity = 0;
      throw new RangeError(`No memory for a zstd buffer of ${bytes} bytes.`);
    }
    return pointer;
  };
}
