import { readdirSync, readlinkSync } from "node:fs";
import { pathFromBytes, pathToBytes } from "@lifeboat/contracts";

const REPLACEMENT = "\ufffd";
/** From here on UTF-16 order and byte order may differ. */
const UNORDERED = /[\ud800-\uffff]/;

/** A path as the system calls take it: bytes where it holds some that are not UTF-8. */
export function native(path: string): string | Buffer {
  return path.isWellFormed() ? path : Buffer.from(pathToBytes(path));
}

/** The length of a path or name in bytes. */
export function byteLength(path: string): number {
  return path.isWellFormed() ? Buffer.byteLength(path) : pathToBytes(path).length;
}

/** The names in a directory, escaped as entry paths are, sorted by their bytes. */
export function readNames(directory: string): string[] {
  const at = native(directory);
  let names = readdirSync(at, "utf8");
  if (names.some((name) => name.includes(REPLACEMENT))) {
    names = readdirSync(at, { encoding: "buffer" }).map((name) => pathFromBytes(name));
  }
  return names.some((name) => UNORDERED.test(name)) ? names.sort(compareBytes) : names.sort();
}

/** A symbolic link's text, escaped as entry paths are. */
export function readLink(path: string): string {
  const at = native(path);
  const text = readlinkSync(at, "utf8");
  return text.includes(REPLACEMENT) ? pathFromBytes(readlinkSync(at, "buffer")) : text;
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(pathToBytes(a), pathToBytes(b));
}
