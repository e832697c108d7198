import type { Codec, CodecName } from "./codec.ts";
import { gzipCodec } from "./gzip.ts";
import { zstdCodec } from "./zstd.ts";

/** A codec in a form that can be sent to a worker thread. */
export interface CodecSetup {
  readonly name: CodecName;
  readonly level: number;
  /** zstd's WebAssembly, where this Node has no zstd of its own. */
  readonly module: WebAssembly.Module | null;
}

/** The codec that a setup describes. */
export async function openCodec(setup: CodecSetup): Promise<Codec> {
  return setup.name === "gzip" ? gzipCodec(setup.level) : zstdCodec(setup.level, setup.module);
}
