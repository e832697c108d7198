import { gunzipSync, gzipSync } from "node:zlib";
import { LifeboatError } from "@lifeboat/contracts";
import { moveTo } from "../bytes.ts";
import type { Codec } from "./codec.ts";
import { looksIncompressible, sampleOf, worthSampling } from "./stored.ts";

/** gzip (RFC 1952): one member a segment, of stored blocks where compressing does not pay. */
export function gzipCodec(level: number): Codec {
  const compress = (plain: Uint8Array, at: number) =>
    gzipSync(plain, { level: at, chunkSize: Math.max(64, plain.length + 1024) });
  const tryCompress = (plain: Uint8Array) => {
    if (worthSampling(plain)) {
      const sample = sampleOf(plain);
      if (looksIncompressible(sample.length, compress(sample, 1).length)) return null;
    }
    return compress(plain, level);
  };
  return {
    name: "gzip",
    compress: (plain) => tryCompress(plain) ?? compress(plain, 0),
    tryCompress,
    expand(frame, size, into) {
      const plain = tryGunzip(frame, size);
      if (plain?.length === size) return into === undefined ? plain : moveTo(into, plain);
      throw new LifeboatError({
        code: "CORRUPT",
        operation: "frames.expand",
        message: `Expected a gzip member of ${size} bytes, found a damaged one.`,
        hint: "Verify the backup, and restore from another one or another site.",
      });
    },
  };
}

function tryGunzip(frame: Uint8Array, size: number): Uint8Array | null {
  try {
    return gunzipSync(frame, { chunkSize: Math.max(64, size + 64), maxOutputLength: Math.max(1, size) });
  } catch {
    return null; // the caller says what it means
  }
}
