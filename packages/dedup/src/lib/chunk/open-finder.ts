import { type Finder, plainFinder } from "./finder.ts";
import { wasmFinder } from "./finder-wasm.ts";

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** The fastest finder that this process may use. @param capacity bytes that it holds */
export function openFinder(gear: Uint32Array, capacity: number): Finder {
  if (!LITTLE_ENDIAN || !mayCompile()) return plainFinder(gear, capacity);
  return wasmFinder(gear, capacity);
}

/** Whether WebAssembly is to be had: a process may forbid code that is made while it runs. */
function mayCompile(): boolean {
  return typeof WebAssembly === "object";
}
