import type { Finder } from "./finder.ts";
import { GEAR_WASM } from "./gear-wasm.ts";

interface Exports {
  readonly f: (from: number, to: number, mask: number) => number;
  readonly s: (from: number, to: number, mask: number, out: number, outEnd: number) => number;
}

const PAGE = 65_536;
const TABLE_BYTES = 1024;
/** So many hits are collected before they are copied out. */
const HITS = 4096;
/** Where the bytes begin: after the table, the hits, and up to a page's beginning, so that files can be read into it directly. */
const BYTES_AT = PAGE;

let compiled: WebAssembly.Module | undefined;

/** The same in WebAssembly, about as fast as native code. @throws where this process may not compile any */
export function wasmFinder(table: Uint32Array, capacity: number): Finder {
  compiled ??= new WebAssembly.Module(Buffer.from(GEAR_WASM, "base64"));
  const pages = Math.ceil((BYTES_AT + capacity) / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  new Uint32Array(memory.buffer, 0, 256).set(table); // WebAssembly is little-endian, as every machine that Node runs on but s390x, where the plain one is used
  const hits = new Uint32Array(memory.buffer, TABLE_BYTES, HITS);
  const { f, s } = new WebAssembly.Instance(compiled, { m: { m: memory } }).exports as unknown as Exports;
  return {
    bytes: new Uint8Array(memory.buffer, BYTES_AT, capacity),
    find: (from, to, mask) => (from >= to ? to : f(BYTES_AT + from, BYTES_AT + to, mask) - BYTES_AT),
    scan(from, to, mask, out) {
      if (from >= to) return 0;
      let count = 0;
      let at = from;
      while (at < to && count < out.length) {
        const room = Math.min(HITS, out.length - count);
        const filled = (s(BYTES_AT + at, BYTES_AT + to, mask, TABLE_BYTES, TABLE_BYTES + 4 * room) - TABLE_BYTES) / 4;
        for (let n = 0; n < filled; n++) out[count++] = (hits[n] ?? 0) - BYTES_AT;
        if (filled < room) break;
        at = (out[count - 1] ?? to) + 1;
      }
      return count;
    },
  };
}
