import { appendFile, lstat, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SourceEntry } from "@lifeboat/contracts";
import { onTestFinished } from "vitest";
import { bytesOf, inPieces } from "../helpers.ts";
import { type HardEntry, hardEntries } from "../tree/entries.ts";

/** An entry with the content that it is made from. */
export interface KnownEntry {
  readonly entry: SourceEntry;
  readonly bytes: Uint8Array;
}

/** How a body comes: in pieces of so many bytes, with its size known or not. */
export interface BodyShape {
  readonly pieceBytes?: number;
  readonly unknownSize?: boolean;
}

/** A file whose content is an array. */
export function fileEntry(path: string, bytes: Uint8Array, shape: BodyShape & Partial<SourceEntry> = {}): KnownEntry {
  const { pieceBytes = 64 * 1024, unknownSize = false, ...rest } = shape;
  const entry: SourceEntry = {
    path,
    type: "file",
    mode: 0o640,
    mtimeMs: 1_700_000_000_123,
    ...(unknownSize ? {} : { size: bytes.length }),
    open: () => inPieces(bytes, pieceBytes),
    ...rest,
  };
  return { entry, bytes };
}

/** A file that lies on the disk, and what befalls it after it was looked at. */
export async function localEntry(path: string, bytes: Uint8Array, then?: "remove" | "append"): Promise<KnownEntry> {
  const directory = await mkdtemp(join(tmpdir(), "lifeboat-format-"));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const file = join(directory, "file");
  await writeFile(file, bytes);
  const { dev, ino, ctimeMs } = await lstat(file);
  if (then === "remove") await rm(file);
  if (then === "append") await appendFile(file, "and more");
  return fileEntry(path, bytes, { local: { path: file, dev, ino, ctimeMs } });
}

/** A few small files of every way to be. */
export function smallEntries(): readonly KnownEntry[] {
  return [
    { entry: { path: "folder", type: "directory", mode: 0o755, mtimeMs: 1_600_000_000_000 }, bytes: new Uint8Array() },
    fileEntry("folder/one", bytesOf(1000, 1)),
    fileEntry("folder/two", bytesOf(70_000, 2)),
    fileEntry("folder/unknown", bytesOf(5000, 3), { unknownSize: true }),
    fileEntry("folder/empty", new Uint8Array()),
    {
      entry: { path: "folder/link", type: "symlink", mode: 0o777, mtimeMs: 1, target: "one" },
      bytes: new Uint8Array(),
    },
    fileEntry("last", bytesOf(300_000, 4)),
  ];
}

/** Everything that is hard: the entries of a hard tree, bodies in every shape, and files larger than a segment. */
export function hardBodies(largeBytes: number): readonly KnownEntry[] {
  const noise = bytesOf(largeBytes, 5);
  return [
    ...hardEntries(false).map(fromTree),
    fileEntry("bodies/one byte at a time", bytesOf(3000, 6), { pieceBytes: 1 }),
    fileEntry("bodies/of unknown size", bytesOf(200_000, 7), { unknownSize: true, pieceBytes: 777 }),
    fileEntry("bodies/empty and unknown", new Uint8Array(), { unknownSize: true }),
    fileEntry("bodies/with empty pieces", bytesOf(10, 8), { open: () => withEmptyPieces(bytesOf(10, 8)) }),
    fileEntry("bodies/large", noise),
    fileEntry("bodies/large in one piece", noise, { pieceBytes: noise.length }),
    fileEntry("bodies/large and unknown", noise.subarray(1), { unknownSize: true }),
    fileEntry("bodies/large and empty inside", new Uint8Array(largeBytes)),
    fileEntry("owned", bytesOf(10, 9), { uid: 12_345, gid: 54_321, user: "käthe", group: "staff", section: "people" }),
    fileEntry("fractional", bytesOf(10, 10), { mtimeMs: 1_700_000_000_123.25 }),
  ];
}

function fromTree(hard: HardEntry, index: number): KnownEntry {
  const mtimeMs = (hard.mtime ?? new Date("2020-02-29T12:34:56.789Z")).getTime();
  const mode = hard.mode ?? (hard.type === "directory" ? 0o755 : 0o644);
  if (hard.type === "directory") {
    return { entry: { path: hard.path, type: "directory", mode, mtimeMs }, bytes: new Uint8Array() };
  }
  if (hard.type === "symlink" || hard.type === "hardlink") {
    const { path, type, target } = hard;
    return { entry: { path, type, mode, mtimeMs, target }, bytes: new Uint8Array() };
  }
  const content = hard.type === "file" ? hard.content : new Uint8Array();
  return fileEntry(hard.path, content, { mode, mtimeMs, unknownSize: index % 5 === 0, pieceBytes: 1000 });
}

async function* withEmptyPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield new Uint8Array();
  for (const byte of bytes) {
    yield Uint8Array.of(byte);
    yield new Uint8Array();
  }
}
