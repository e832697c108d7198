import { randomBytes } from "node:crypto";
import { closeSync, copyFileSync, mkdirSync, opendirSync, openSync, statSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

const MIB = 1024 * 1024;
const SMALL = 64 * 1024;
/** An odd number of bytes, so that no file's end falls on anything else's. */
const LARGE_FILE = 128 * MIB + 12_345;

/** Copies real files of this repository's dependencies until there are so many. Answers how many bytes they have. */
export function makeSmallFiles(folder: string, count: number): number {
  const from = new URL("../../../../../node_modules", import.meta.url).pathname;
  let [made, bytes] = [0, 0];
  for (let copy = 0; made < count; copy += 1) {
    const before = made;
    for (const path of filesBelow(from)) {
      if (made === count) break;
      const { size } = statSync(path);
      if (size > SMALL) continue;
      const to = join(folder, String(copy), path.slice(from.length));
      mkdirSync(dirname(to), { recursive: true });
      copyFileSync(path, to);
      made += 1;
      bytes += size;
    }
    if (made === before) throw new Error(`Expected files in ${from}: run npm ci.`);
  }
  return bytes;
}

/** Writes files that can't be compressed until there are at least so many bytes. Answers how many. */
export function makeLargeFiles(folder: string, bytes: number): number {
  const noise = randomBytes(32 * MIB);
  mkdirSync(folder, { recursive: true });
  let made = 0;
  for (let name = 0; made < bytes; name += 1) {
    const file = openSync(join(folder, String(name)), "w");
    const size = Math.min(LARGE_FILE, bytes - made);
    for (let at = 0; at < size; ) {
      const start = ((name * 65_537 + at / 7) | 0) % MIB; // no two stretches begin alike
      const piece = noise.subarray(start, start + Math.min(noise.length - MIB, size - at));
      at += writeSync(file, piece);
    }
    closeSync(file);
    made += size;
  }
  return made;
}

function* filesBelow(folder: string): Generator<string> {
  const directory = opendirSync(folder);
  try {
    for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) yield* filesBelow(path);
      else if (entry.isFile()) yield path;
    }
  } finally {
    directory.closeSync();
  }
}
