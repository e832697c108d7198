import type { CodecName } from "./codec.ts";
import type { CodecSetup } from "./open-codec.ts";
import { hasNativeZstd } from "./zstd.ts";

// Kept apart from what worker threads load: they get the compiled module handed
// over, and their bundles need not carry its bytes. Nor need who only lists backups.

let compiled: Promise<WebAssembly.Module> | undefined;

/** What a thread needs to use a codec. */
export async function setupCodec(name: CodecName, level: number): Promise<CodecSetup> {
  return { name, level, module: name === "zstd" && !hasNativeZstd() ? await zstdModule() : null };
}

/** zstd's WebAssembly, compiled once in a process. */
function zstdModule(): Promise<WebAssembly.Module> {
  compiled ??= compileZstd();
  return compiled;
}

async function compileZstd(): Promise<WebAssembly.Module> {
  const { default: wasm } = await import("@foxglove/wasm-zstd/dist/wasm-zstd.wasm?base64");
  return WebAssembly.compile(Buffer.from(wasm, "base64"));
}
