import { type EntryInfo, type EntryType, entryPathProblem, LifeboatError } from "@lifeboat/contracts";

/** Where content lies in a part: from `offset` in the expanded bytes of `segment`, and on through the next ones. */
export interface Extent {
  readonly segment: number;
  readonly offset: number;
  readonly size: number;
}

/** One line of a part's index: an entry, and where its content lies. */
export interface IndexRow {
  readonly info: EntryInfo;
  /** In order; one but for content whose size was unknown beforehand. Absent where there is no content. */
  readonly extents?: readonly Extent[];
}

const TYPES: ReadonlySet<string> = new Set<EntryType>(["file", "directory", "symlink", "hardlink"]);
/** What may go out with an entry: anything else that a row says, such as `unchanged`, is nobody's to say there. */
const MEMBERS: ReadonlySet<string> = new Set<keyof EntryInfo>([
  "path",
  "type",
  "size",
  "mode",
  "mtimeMs",
  "uid",
  "gid",
  "user",
  "group",
  "target",
  "section",
  "sha256",
]);

/** A row as a line of JSON. */
export function encodeRow({ info, extents }: IndexRow): string {
  if (extents === undefined) return `${JSON.stringify(info)}\n`;
  return `${JSON.stringify({ ...info, extents: extents.map((e) => [e.segment, e.offset, e.size]) })}\n`;
}

/**
 * A row from its line, with every field checked: an index of a site without
 * encryption may have been written by anyone.
 *
 * @throws CORRUPT, naming the entry
 */
export function decodeRow(line: string): IndexRow {
  const value: unknown = parseJson(line);
  if (typeof value !== "object" || value === null) throw badRow(line, "it is not an object");
  const row = value as Record<string, unknown>;
  const path = row.path;
  if (typeof path !== "string") throw badRow(line, "it has no path");
  const problem = entryPathProblem(path);
  if (problem !== null) throw badRow(path, `its path is refused: ${problem}`);
  if (typeof row.type !== "string" || !TYPES.has(row.type)) {
    throw badRow(path, `its type is ${JSON.stringify(row.type)}, which is no file, directory or link`);
  }
  for (const key of ["size", "mode", "mtimeMs"] as const) {
    if (typeof row[key] !== "number" || !Number.isFinite(row[key])) throw badRow(path, `its ${key} is not a number`);
  }
  for (const key of ["uid", "gid"] as const) {
    if (row[key] !== undefined && !isCount(row[key])) throw badRow(path, `its ${key} is not a number`);
  }
  for (const key of ["user", "group", "section", "target", "sha256"] as const) {
    if (row[key] !== undefined && typeof row[key] !== "string") throw badRow(path, `its ${key} is not a text`);
  }
  const isLink = row.type === "symlink" || row.type === "hardlink";
  if (isLink !== (row.target !== undefined))
    throw badRow(path, isLink ? "the link has no target" : "it has a link's target");
  if (row.type === "hardlink" && entryPathProblem(row.target as string) !== null) {
    throw badRow(path, "its target is not a path of the backup");
  }
  const extents = decodeExtents(path, row.extents);
  for (const name in row) if (!MEMBERS.has(name)) Reflect.deleteProperty(row, name); // what is left is the entry: no copy of it has to be made
  const info = row as unknown as EntryInfo;
  if (!isCount(info.size) || info.mode !== (info.mode & 0o7777)) throw badRow(path, "its size or mode is out of range");
  const held = extents?.reduce((sum, extent) => sum + extent.size, 0) ?? 0;
  if (held !== info.size) throw badRow(path, `it says ${info.size} bytes and lists ${held}`);
  if (info.type !== "file" && info.size !== 0) throw badRow(path, `a ${info.type} has content`);
  return extents === undefined ? { info } : { info, extents };
}

function decodeExtents(path: string, value: unknown): Extent[] | undefined {
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw badRow(path, "its extents are not a list");
  return value.map((item: unknown) => {
    if (!Array.isArray(item) || item.length !== 3 || !item.every(isCount))
      throw badRow(path, "an extent is not three counts");
    const [segment, offset, size] = item as [number, number, number];
    if (size === 0) throw badRow(path, "an extent is empty");
    return { segment, offset, size };
  });
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw badRow(line.slice(0, 80), "it is not JSON", cause);
  }
}

function badRow(what: string, problem: string, cause?: unknown): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: "archive.index",
    key: what,
    message: `The archive's index holds an entry that cannot be: ${JSON.stringify(what)}: ${problem}.`,
    hint: "Nothing was written for it. Restore from another backup or another site.",
    cause,
  });
}
