/** The unit of writing, in bytes: large enough that one write at a time keeps a fast disk busy. */
export const BLOCK_BYTES = 2 * 1024 * 1024;

const WASM_PAGE = 65_536;
/** So many pairs are kept for the next writer. */
const KEPT = 2;

/** Two blocks of memory; where that can be had they begin where a page begins, as writing past the page cache demands. */
export type BlockPair = readonly [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];

const free: BlockPair[] = [];
/** Those that begin anywhere: what comes next may be luckier. */
const makeshift = new WeakSet<BlockPair>();

/** Memory for one writer; its content is whatever was in it. */
export function takeBlocks(): BlockPair {
  return free.pop() ?? makeBlocks();
}

/** Gives memory back that nothing reads or fills any more. */
export function giveBlocks(pair: BlockPair): void {
  if (free.length < KEPT && !makeshift.has(pair)) free.push(pair);
}

function makeBlocks(): BlockPair {
  const aligned = pageAligned(2 * BLOCK_BYTES);
  const buffer = aligned ?? new ArrayBuffer(2 * BLOCK_BYTES);
  const pair: BlockPair = [new Uint8Array(buffer, 0, BLOCK_BYTES), new Uint8Array(buffer, BLOCK_BYTES, BLOCK_BYTES)];
  if (aligned === null) makeshift.add(pair);
  return pair;
}

/**
 * JavaScript cannot ask where a buffer lies, but WebAssembly's memory always begins at a page. It
 * takes gigabytes of address space, which a process may not have (`ulimit -v`), and may be switched off.
 */
function pageAligned(bytes: number): ArrayBuffer | null {
  try {
    const pages = bytes / WASM_PAGE;
    return new WebAssembly.Memory({ initial: pages, maximum: pages }).buffer;
  } catch {
    return null; // the disk refuses other memory, and is then written to through the page cache
  }
}
