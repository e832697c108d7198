import { type EntryInfo, hasRawBytes, pathToBytes } from "@lifeboat/contracts";
import { paxRecords } from "./pax.ts";

/** tar's unit, in bytes: headers are one, contents are padded to a multiple. */
export const BLOCK = 512;

/** What a tar is told of an entry. */
export type TarEntry = Omit<EntryInfo, "sha256" | "section">;

const TYPE_FLAGS = { file: "0", hardlink: "1", symlink: "2", directory: "5" } as const;

/** The largest values that ustar's octal fields hold. */
const MAX_SIZE = 0o77777777777;
const MAX_ID = 0o7777777;

/**
 * The header of an entry: one ustar block (POSIX.1-1988), after a pax extended
 * header (POSIX.1-2001) for what does not fit into it: long or non-ASCII names,
 * sizes from 8 GiB, times before 1970, large ids. Names that are not UTF-8 are
 * written as they are, under `hdrcharset=BINARY`.
 */
export function tarHeader(entry: TarEntry): Uint8Array {
  const name = entry.type === "directory" ? `${entry.path}/` : entry.path;
  const target = entry.target ?? "";
  const seconds = Math.floor(entry.mtimeMs / 1000);
  const split = splitName(name);
  const records = new Map<string, string | Uint8Array>();
  if (hasRawBytes(name) || hasRawBytes(target)) records.set("hdrcharset", "BINARY");
  if (split === null) records.set("path", pathToBytes(name));
  if (!isAscii(target) || target.length > 100) records.set("linkpath", pathToBytes(target));
  if (entry.size > MAX_SIZE) records.set("size", String(entry.size));
  if (seconds < 0 || seconds > MAX_SIZE) records.set("mtime", paxTime(entry.mtimeMs));
  if ((entry.uid ?? 0) > MAX_ID) records.set("uid", String(entry.uid));
  if ((entry.gid ?? 0) > MAX_ID) records.set("gid", String(entry.gid));
  if (entry.user !== undefined && !fitsName(entry.user)) records.set("uname", entry.user);
  if (entry.group !== undefined && !fitsName(entry.group)) records.set("gname", entry.group);

  const fields: UstarFields = {
    name: split?.name ?? asciiTail(name),
    prefix: split?.prefix ?? "",
    type: TYPE_FLAGS[entry.type],
    target: records.has("linkpath") ? asciiTail(target) : target,
    size: records.has("size") ? 0 : entry.size,
    mode: entry.mode,
    seconds: records.has("mtime") ? 0 : seconds,
    uid: records.has("uid") ? 0 : (entry.uid ?? 0),
    gid: records.has("gid") ? 0 : (entry.gid ?? 0),
    user: records.has("uname") ? "" : (entry.user ?? ""),
    group: records.has("gname") ? "" : (entry.group ?? ""),
  };
  if (records.size === 0) return ustarBlock(fields);
  return withPax(records, fields);
}

/** At most so many bytes is an entry's header long; cheaper than to make it. */
export function headerBound({
  path,
  target = "",
}: {
  readonly path: string;
  readonly target?: string | undefined;
}): number {
  const length = path.length + target.length;
  if (length <= 100 && isAscii(path) && isAscii(target)) return BLOCK;
  return 5 * BLOCK + 3 * length; // pax header, its records in UTF-8 with everything that may come along, ustar header
}

/** How many bytes follow `size` bytes of content up to the next block. */
export function padding(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

interface UstarFields {
  readonly name: string;
  readonly prefix: string;
  readonly type: string;
  readonly target: string;
  readonly size: number;
  readonly mode: number;
  readonly seconds: number;
  readonly uid: number;
  readonly gid: number;
  readonly user: string;
  readonly group: string;
}

function withPax(records: ReadonlyMap<string, string | Uint8Array>, fields: UstarFields): Uint8Array {
  const body = paxRecords(records);
  const block = ustarBlock({
    ...fields,
    name: "pax",
    prefix: "",
    type: "x",
    target: "",
    size: body.length,
    mode: 0o600,
  });
  const whole = new Uint8Array(BLOCK + body.length + padding(body.length) + BLOCK);
  whole.set(block, 0);
  whole.set(body, BLOCK);
  whole.set(ustarBlock(fields), whole.length - BLOCK);
  return whole;
}

function ustarBlock(fields: UstarFields): Uint8Array {
  const block = Buffer.alloc(BLOCK);
  block.write(fields.name, 0, 100, "latin1");
  octal(block, fields.mode, 100, 8);
  octal(block, fields.uid, 108, 8);
  octal(block, fields.gid, 116, 8);
  octal(block, fields.size, 124, 12);
  octal(block, fields.seconds, 136, 12);
  block.write("        ", 148, 8, "latin1"); // the checksum counts its own field as spaces
  block.write(fields.type, 156, 1, "latin1");
  block.write(fields.target, 157, 100, "latin1");
  block.write("ustar\u000000", 257, 8, "latin1");
  block.write(fields.user, 265, 31, "latin1");
  block.write(fields.group, 297, 31, "latin1");
  block.write(fields.prefix, 345, 155, "latin1");
  let sum = 0;
  for (let at = 0; at < BLOCK; at++) sum += block[at] ?? 0;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return block;
}

function octal(block: Buffer, value: number, at: number, width: number): void {
  block.write(value.toString(8).padStart(width - 1, "0"), at, width - 1, "latin1");
}

/** The name as ustar's `name` and `prefix`, or `null` where it does not fit. */
function splitName(name: string): { name: string; prefix: string } | null {
  if (!isAscii(name)) return null;
  if (name.length <= 100) return { name, prefix: "" };
  if (name.length > 256) return null;
  const slash = name.indexOf("/", name.length - 101);
  if (slash <= 0 || slash > 155 || slash === name.length - 1) return null;
  return { name: name.slice(slash + 1), prefix: name.slice(0, slash) };
}

/** Something readable for programs that ignore pax headers. */
function asciiTail(text: string): string {
  return text
    .slice(-100)
    .replace(/[^\u0020-\u007e]/g, "_")
    .replace(/^\/+/, "");
}

function fitsName(name: string): boolean {
  return name.length <= 31 && isAscii(name);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}

/** Seconds with a fraction, as pax writes times: exact to the nanosecond of the double. */
function paxTime(milliseconds: number): string {
  const text = (milliseconds / 1000).toFixed(6);
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
