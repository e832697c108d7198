import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { LifeboatError, type ProblemReport } from "@lifeboat/contracts";
import { systemError } from "../errors.ts";
import { native } from "../fs/names.ts";
import type { Found } from "./protocol.ts";

/** How a walked file is read. */
export interface ReadOptions {
  readonly root: string;
  readonly followLinks: boolean;
  readonly operation: string;
  readonly signal: AbortSignal;
  report(problem: ProblemReport): void;
}

const PIECE = 256 * 1024;
const FILE = constants.O_RDONLY | constants.O_NONBLOCK;
const DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY;

/**
 * A walked file's bytes, at most as many as it had. That it changed since, or while
 * it is read, is reported.
 *
 * @throws NOT_FOUND where it vanished; PERMISSION_DENIED
 */
export async function* readFound(found: Found, options: ReadOptions): AsyncGenerator<Uint8Array, void, undefined> {
  const { path } = found;
  const { operation, signal } = options;
  signal.throwIfAborted();
  try {
    await using file = await openBeneath(options.root, path, options.followLinks);
    let same = await unchanged(file, found, operation);
    for (let at = 0; at < found.size; ) {
      signal.throwIfAborted();
      const buffer = Buffer.allocUnsafeSlow(Math.min(PIECE, found.size - at));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      if (bytesRead === 0) break;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
    same &&= await unchanged(file, found, operation);
    if (!same) options.report({ path, code: "changed", message: `${path} changed while it was backed up.` });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw systemError(error, operation, `${path} could not be read`, path);
  }
}

async function unchanged(file: FileHandle, found: Found, operation: string): Promise<boolean> {
  const stat = await file.stat();
  if (!stat.isFile()) {
    const message = `${found.path} was a file, but something else took its place.`;
    throw new LifeboatError({ code: "NOT_FOUND", operation, message, key: found.path });
  }
  const { ino, size, mtimeMs } = found;
  return stat.ino === ino && stat.size === size && stat.mtimeMs === mtimeMs;
}

/** Opens a file in a tree, through directory descriptors where there are any: no path is too long then. */
async function openBeneath(root: string, path: string, followLinks: boolean): Promise<FileHandle> {
  const guard = followLinks ? 0 : constants.O_NOFOLLOW;
  const top = await open(native(root), DIRECTORY);
  let at = top;
  try {
    if (process.platform !== "linux") return await open(native(`${root}/${path}`), FILE | guard);
    const names = path.split("/");
    const last = names.pop() ?? "";
    for (const name of names) {
      const child = await open(native(`/proc/self/fd/${at.fd}/${name}`), DIRECTORY | guard);
      await at.close();
      at = child;
    }
    return await open(native(`/proc/self/fd/${at.fd}/${last}`), FILE | guard);
  } finally {
    await at.close();
  }
}
