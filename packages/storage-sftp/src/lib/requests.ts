import type { FileEntryWithStats, Stats } from "ssh2";
import type { Connection } from "./connection.ts";
import { Refusal, STATUS } from "./lost.ts";

/** A file or directory that is open on the server. */
export type Handle = Buffer;

/** How a file is opened (draft-ietf-secsh-filexfer-02, section 6.3). */
export const OPEN = { read: 0x01, write: 0x02, create: 0x08, truncate: 0x10, exclusive: 0x20 } as const;

const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_FOLDER = 0o700;

/** What is at a path, links not followed. */
export interface Found {
  readonly type: "file" | "folder" | "link" | "other";
  readonly size: number;
  readonly modified: Date;
}

/** Opens a file; one that is created is for its owner only. */
export async function openFile(on: Connection, path: string, flags: number): Promise<Handle> {
  return await on.call<Handle>((sftp, answer) => sftp.open(path, flags, { mode: OWNER_ONLY_FILE }, answer));
}

export async function closeHandle(on: Connection, handle: Handle): Promise<void> {
  await on.call((sftp, answer) => sftp.close(handle, answer));
}

/** Writes all of `bytes` at an offset. They may change once this has been called. */
export async function writeAt(on: Connection, handle: Handle, bytes: Uint8Array, at: number): Promise<void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  await on.call((sftp, answer) => sftp.write(handle, buffer, 0, buffer.length, at, answer));
}

/** Reads into `bytes` from an offset, and answers how many it got: 0 at the end of the file. */
export async function readAt(on: Connection, handle: Handle, bytes: Buffer, at: number): Promise<number> {
  return await on.call<number>((sftp, answer) => sftp.read(handle, bytes, 0, bytes.length, at, answer));
}

/** Has a file's bytes flushed to the disk. */
export async function flush(on: Connection, handle: Handle): Promise<void> {
  await on.call((sftp, answer) => sftp.ext_openssh_fsync(handle, answer));
}

export async function statHandle(on: Connection, handle: Handle): Promise<Found> {
  return found(await on.call<Stats>((sftp, answer) => sftp.fstat(handle, answer)));
}

/** What is at a path; `null` where it is proven absent. */
export async function look(on: Connection, path: string): Promise<Found | null> {
  try {
    return found(await on.call<Stats>((sftp, answer) => sftp.lstat(path, answer)));
  } catch (error) {
    if (error instanceof Refusal && error.status === STATUS.missing) return null;
    throw error;
  }
}

/** Makes a folder for its owner only. Servers refuse one that is there in different ways, or not at all. */
export async function makeFolder(on: Connection, path: string): Promise<void> {
  await on.call((sftp, answer) => sftp.mkdir(path, { mode: OWNER_ONLY_FOLDER } as never, answer));
}

export async function removeFolder(on: Connection, path: string): Promise<void> {
  await on.call((sftp, answer) => sftp.rmdir(path, answer));
}

/** Removes a file; one that is gone already is fine. */
export async function removeFile(on: Connection, path: string): Promise<void> {
  try {
    await on.call((sftp, answer) => sftp.unlink(path, answer));
  } catch (error) {
    if (!(error instanceof Refusal) || error.status !== STATUS.missing) throw error;
  }
}

/** The rename of SFTP itself: what it does with a name that is taken differs between servers. */
export async function renamePlain(on: Connection, from: string, to: string): Promise<void> {
  await on.call((sftp, answer) => sftp.rename(from, to, answer));
}

/** POSIX's rename: replaces what has the name. */
export async function renamePosix(on: Connection, from: string, to: string): Promise<void> {
  await on.call((sftp, answer) => sftp.ext_openssh_rename(from, to, answer));
}

/** Gives a file a second name, where that is free. */
export async function hardLink(on: Connection, from: string, to: string): Promise<void> {
  await on.call((sftp, answer) => sftp.ext_openssh_hardlink(from, to, answer));
}

/** Sets a file's times, in whole seconds since 1970. */
export async function setTimes(on: Connection, path: string, accessed: number, modified: number): Promise<void> {
  await on.call((sftp, answer) => sftp.setstat(path, { atime: accessed, mtime: modified } as never, answer));
}

/** When a path was last read, in whole seconds since 1970. */
export async function accessedAt(on: Connection, path: string): Promise<number> {
  return (await on.call<Stats>((sftp, answer) => sftp.lstat(path, answer))).atime;
}

/** Room on the file system of a path, in bytes, and how many files it can still hold. */
export interface Room {
  readonly free: number;
  readonly total: number;
  readonly files: number;
}

/** statvfs@openssh.com. */
export async function roomAt(on: Connection, path: string): Promise<Room> {
  const answer = await on.call<Readonly<Record<string, number>>>((sftp, done) => sftp.ext_openssh_statvfs(path, done));
  const { f_frsize: unit = 0, f_bavail = 0, f_blocks = 0, f_favail = 0, f_files = 0 } = answer;
  return { free: f_bavail * unit, total: f_blocks * unit, files: f_files === 0 ? Infinity : f_favail };
}

/** One name in a folder. */
export interface Named extends Found {
  readonly name: string;
}

/** So many requests for names are sent ahead. */
const NAMES_AHEAD = 4;

/** All names in a folder, with what they are; none where it is not there. */
export async function namesIn(on: Connection, path: string): Promise<readonly Named[]> {
  let handle: Handle;
  try {
    handle = await on.call<Handle>((sftp, answer) => sftp.opendir(path, answer));
  } catch (error) {
    if (error instanceof Refusal && (await look(on, path))?.type !== "folder") return [];
    throw error;
  }
  try {
    const names: Named[] = [];
    for (let ended = false; !ended; ) {
      const ahead = Array.from({ length: NAMES_AHEAD }, () => nextNames(on, handle));
      const pages = await Promise.all(ahead);
      for (const page of pages) {
        if (page === null) ended = true;
        else for (const { filename, attrs } of page) names.push({ name: filename, ...found(attrs) });
      }
    }
    return names;
  } finally {
    await closeHandle(on, handle).catch(() => undefined); // all is read; the server closes it with the connection
  }
}

async function nextNames(on: Connection, handle: Handle): Promise<readonly FileEntryWithStats[] | null> {
  try {
    return await on.call<FileEntryWithStats[]>((sftp, answer) => sftp.readdir(handle, answer));
  } catch (error) {
    if (error instanceof Refusal && error.status === STATUS.eof) return null;
    throw error;
  }
}

function found({ mode, size, mtime }: Pick<Stats, "mode" | "size" | "mtime">): Found {
  return { type: typeOf(mode), size, modified: new Date(mtime * 1000) };
}

function typeOf(mode: number): Found["type"] {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case 0o040000:
      return "folder";
    case 0o120000:
      return "link";
    default:
      return "other";
  }
}
