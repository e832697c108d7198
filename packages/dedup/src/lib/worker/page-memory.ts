const WASM_PAGE = 65_536;
/** Pages of memory, and what writing past the page cache wants places and lengths to be multiples of. */
export const PAGE_BYTES = 4096;

/**
 * Memory of a thread that begins where a page begins, as far as that can be had: JavaScript cannot ask where a buffer
 * lies, but WebAssembly's memory always begins at a page.
 */
export class PageMemory {
  #buffer = new ArrayBuffer(0);

  /** So many bytes, `shift` bytes behind the beginning of a page, with whatever was in them; the next call uses them again. */
  take(bytes: number, shift: number): Uint8Array<ArrayBuffer> {
    const needed = bytes + shift;
    if (this.#buffer.byteLength < needed) this.#buffer = pages(Math.ceil(needed / WASM_PAGE));
    return new Uint8Array(this.#buffer, shift, bytes);
  }
}

function pages(count: number): ArrayBuffer {
  try {
    return new WebAssembly.Memory({ initial: count, maximum: count }).buffer as ArrayBuffer;
  } catch {
    return new ArrayBuffer(count * WASM_PAGE); // the disk refuses it, and is then written to through the page cache
  }
}
