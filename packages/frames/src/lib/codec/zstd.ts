import zlib from "node:zlib";
import { LifeboatError } from "@lifeboat/contracts";
import { moveTo } from "../bytes.ts";
import type { Codec } from "./codec.ts";
import {
  isStoredZstd,
  looksIncompressible,
  readStoredZstd,
  sampleOf,
  storedZstdFrame,
  storedZstdLength,
  worthSampling,
} from "./stored.ts";
import { openZstd } from "./zstd-wasm.ts";

// Node 22.15 and later have zstd of their own, which @types/node 20 does not know.
interface NativeZstd {
  zstdCompressSync(plain: Uint8Array, options: { chunkSize: number; params: Record<number, number> }): Uint8Array;
  zstdDecompressSync(frame: Uint8Array, options: { chunkSize: number; maxOutputLength: number }): Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
}

interface ZstdEngine {
  compress(plain: Uint8Array): Uint8Array;
  expand(frame: Uint8Array, size: number, into?: Uint8Array): Uint8Array | null;
}

/** Whether this Node brings zstd along. */
export function hasNativeZstd(): boolean {
  return "zstdCompressSync" in zlib;
}

/**
 * zstd (RFC 8878), by Node's own where it has one, else by WebAssembly.
 *
 * @param module the compiled WebAssembly, or `null` to use Node's own
 */
export async function zstdCodec(level: number, module: WebAssembly.Module | null): Promise<Codec> {
  let room = new Uint8Array(0);
  const roomFor = (bytes: number) => {
    if (room.length < bytes) room = new Uint8Array(bytes);
    return room.subarray(0, bytes);
  };
  const expandStored = (frame: Uint8Array, size: number, into?: Uint8Array) =>
    isStoredZstd(frame, size) ? readStoredZstd(frame, into ?? roomFor(size)) : null;
  const engine = module === null ? nativeEngine(level) : await wasmEngine(level, module);
  const tryCompress = (plain: Uint8Array) => {
    if (worthSampling(plain)) {
      const sample = sampleOf(plain);
      if (looksIncompressible(sample.length, engine.compress(sample).length)) return null;
    }
    return engine.compress(plain);
  };
  return {
    name: "zstd",
    compress: (plain) => tryCompress(plain) ?? storedZstdFrame(plain, roomFor(storedZstdLength(plain.length))),
    tryCompress,
    expand(frame, size, into) {
      const plain = expandStored(frame, size, into) ?? engine.expand(frame, size, into);
      if (plain !== null && plain.length === size) return plain;
      throw new LifeboatError({
        code: "CORRUPT",
        operation: "frames.expand",
        message: `Expected a zstd frame of ${size} bytes, found a damaged one.`,
        hint: "Verify the backup, and restore from another one or another site.",
      });
    },
  };
}

async function wasmEngine(level: number, module: WebAssembly.Module): Promise<ZstdEngine> {
  const zstd = await openZstd(module);
  return {
    compress: (plain) => zstd.compress(plain, level),
    expand(frame, size, into) {
      const plain = zstd.expand(frame, size);
      if (plain === null || into === undefined) return plain;
      into.set(plain);
      return into;
    },
  };
}

function nativeEngine(level: number): ZstdEngine {
  const native = zlib as unknown as NativeZstd;
  const params = { [native.constants.ZSTD_c_compressionLevel]: level };
  return {
    compress: (plain) => native.zstdCompressSync(plain, { chunkSize: chunkSize(plain.length), params }),
    expand(frame, size, into) {
      const plain = tryDecompress(native, frame, size);
      return plain?.length !== size || into === undefined ? plain : moveTo(into, plain);
    },
  };
}

function tryDecompress(native: NativeZstd, frame: Uint8Array, size: number): Uint8Array | null {
  try {
    return native.zstdDecompressSync(frame, { chunkSize: chunkSize(size), maxOutputLength: Math.max(1, size) });
  } catch {
    return null; // the caller says what it means
  }
}

/** zlib wants its output buffer near the size of the output; 64 is its least. */
function chunkSize(bytes: number): number {
  return Math.max(64, bytes + 512);
}
