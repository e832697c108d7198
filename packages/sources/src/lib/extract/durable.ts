import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { mountsBeneath } from "../fs/mounts.ts";

const run = promisify(execFile);

/**
 * Asks the system to write all that is on a directory's file system to its disk, and
 * waits for that: syncfs(2), which Node does not offer, by coreutils' `sync -f`. For many
 * small files it is by far cheaper than an fsync of each: the journal is written once.
 *
 * @returns whether that was possible
 */
export async function syncFileSystem(root: string, signal: AbortSignal): Promise<boolean> {
  const paths = [root, ...mountsBeneath(root)];
  if (process.platform !== "linux" || !paths.every((path) => path.isWellFormed())) return false;
  try {
    await run("sync", ["-f", "--", ...paths], { signal });
    return true;
  } catch {
    signal.throwIfAborted();
    return false; // no such program, or not this option, or the disk failed: syncing each file will tell
  }
}
