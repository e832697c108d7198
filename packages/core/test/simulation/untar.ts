import { gunzipSync } from "node:zlib";

const BLOCK = 512;

/** The files of an unencrypted gzip part, by a reader of its own: plain headers of short paths are all that it knows. */
export function untar(part: Uint8Array): Map<string, Uint8Array> {
  const tar = gunzipSync(part);
  const files = new Map<string, Uint8Array>();
  const field = (at: number, length: number) => tar.toString("latin1", at, at + length).replace(/\0.*$/s, "");
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const name = field(at, 100);
    const size = Number.parseInt(field(at + 124, 12), 8);
    const isFile = tar[at + 156] === 0x30 && !name.startsWith(".lifeboat/");
    if (isFile) files.set(name, tar.subarray(at + BLOCK, at + BLOCK + size));
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
}
