import zlib from "node:zlib";
import { LifeboatError } from "@lifeboat/contracts";
import type { Codec } from "./codec.ts";
import { looksIncompressible, sampleOf, storedZstdFrame, storedZstdLength, worthSampling } from "./stored.ts";
import { instantiateZstd } from "./zstd-wasm.ts";

// Node 22.15 and later have zstd of their own, which @types/node 20 does not know.
interface NativeZstd {
  zstdCompressSync(plain: Uint8Array, options: { chunkSize: number; params: Record<number, number> }): Uint8Array;
  zstdDecompressSync(frame: Uint8Array, options: { chunkSize: number; maxOutputLength: number }): Uint8Array;
  readonly constants: { readonly ZSTD_c_compressionLevel: number };
}

interface ZstdEngine {
  compress(plain: Uint8Array): Uint8Array;
  expand(frame: Uint8Array, size: number): Uint8Array | null;
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
  const engine = module === null ? nativeEngine(level) : await wasmEngine(level, module);
  return {
    name: "zstd",
    compress(plain) {
      if (worthSampling(plain)) {
        const sample = sampleOf(plain);
        if (looksIncompressible(sample.length, engine.compress(sample).length)) {
          if (room.length < storedZstdLength(plain.length)) room = new Uint8Array(storedZstdLength(plain.length));
          return storedZstdFrame(plain, room);
        }
      }
      return engine.compress(plain);
    },
    expand(frame, size) {
      const plain = engine.expand(frame, size);
      if (plain !== null && plain.length === size) return plain;
      throw new LifeboatError({
        code: "CORRUPT",
        operation: "archive.expand",
        message: `Expected a zstd frame of ${size} bytes, found a damaged one.`,
        hint: "Verify the backup, and restore from another one or another site.",
      });
    },
  };
}

async function wasmEngine(level: number, module: WebAssembly.Module): Promise<ZstdEngine> {
  const zstd = await instantiateZstd(module);
  return { compress: (plain) => zstd.compress(plain, level), expand: (frame, size) => zstd.expand(frame, size) };
}

function nativeEngine(level: number): ZstdEngine {
  const native = zlib as unknown as NativeZstd;
  const params = { [native.constants.ZSTD_c_compressionLevel]: level };
  return {
    compress: (plain) => native.zstdCompressSync(plain, { chunkSize: chunkSize(plain.length), params }),
    expand(frame, size) {
      try {
        return native.zstdDecompressSync(frame, { chunkSize: chunkSize(size), maxOutputLength: Math.max(1, size) });
      } catch {
        return null; // the caller says what it means
      }
    },
  };
}

/** zlib wants its output buffer near the size of the output; 64 is its least. */
function chunkSize(bytes: number): number {
  return Math.max(64, bytes + 512);
}
