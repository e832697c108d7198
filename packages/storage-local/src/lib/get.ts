import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type GetOptions, LifeboatError, type LocalObject, resolveRange } from "@lifeboat/contracts";
import { errnoOf, missing } from "./errors.ts";
import { foldersExist, linkInTheWay } from "./folders.ts";
import { assertMounted } from "./mount.ts";
import type { Settings } from "./options.ts";
import type { Parts } from "./parts.ts";
import { PIECE_BYTES, PieceRooms } from "./piece-rooms.ts";
import { type Place, placeOf } from "./place.ts";

const OPERATION = "storage.get";

/** Reads an object in pieces of 1 MiB, one of them ahead of the caller. */
export async function* get(
  { settings }: Parts,
  key: string,
  { range, reuse = false, signal }: GetOptions,
): AsyncGenerator<Uint8Array> {
  const { start, end } = resolveRange(range, OPERATION, key);
  await using file = await find(settings, key);
  const stop = Math.min(end, (await file.stat()).size);
  const rooms = new PieceRooms(reuse);
  const begin = (at: number) => {
    if (at >= stop) return null;
    const piece = readPiece(file, at, rooms.take(Math.min(PIECE_BYTES, stop - at)), key);
    piece.catch(() => undefined); // told when it is awaited, which may be long after it failed
    return piece;
  };
  let ahead = begin(start);
  let held: Uint8Array | null = null;
  try {
    for (let at = start; ahead !== null; ) {
      signal?.throwIfAborted();
      const piece = await ahead;
      at += piece.length;
      ahead = begin(at);
      signal?.throwIfAborted();
      held = piece;
      yield piece;
      held = null;
    }
  } finally {
    await ahead?.catch(() => undefined); // nobody wants this piece any more, but the file must not be closed beneath it
    rooms.end(held);
  }
}

/** Opens an object for threads to read. */
export async function openFile({ settings }: Parts, key: string): Promise<LocalObject> {
  const file = await find(settings, key);
  try {
    const { size } = await file.stat();
    return { fd: file.fd, size, [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Opens the file of an object. @throws NOT_FOUND */
async function find(settings: Settings, key: string): Promise<FileHandle> {
  const place = placeOf(settings.root, key, OPERATION);
  await assertMounted(settings, OPERATION);
  const there = await foldersExist(place.folders, OPERATION, key);
  const file = there ? await openObject(place) : null;
  if (file !== null) return file;
  await assertMounted(settings, OPERATION); // pulled out meanwhile, it proves no absence
  throw missing(key, OPERATION);
}

async function readPiece(file: FileHandle, at: number, bytes: Buffer, key: string): Promise<Uint8Array> {
  let length = 0;
  while (length < bytes.length) {
    const { bytesRead } = await file.read(bytes, length, bytes.length - length, at + length);
    if (bytesRead === 0) throw cutOff(key, at + length, at + bytes.length);
    length += bytesRead;
  }
  return bytes;
}

async function openObject({ key, file: path }: Place): Promise<FileHandle | null> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants; // without O_NONBLOCK, a pipe would wait for a writer
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
    await file.close();
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ELOOP") throw linkInTheWay(path, OPERATION, key);
    if (errno !== "ENOENT" && errno !== "ENOTDIR" && errno !== "ENXIO") throw error;
  }
  return null;
}

function cutOff(key: string, at: number, stop: number): LifeboatError {
  return new LifeboatError({
    code: "CORRUPT",
    operation: OPERATION,
    key,
    message: `Expected ${stop} bytes in ${JSON.stringify(key)}, but the file was cut off at ${at} while it was read.`,
    hint: "Something else changes files in the storage's directory; verify the backups in it.",
  });
}
