import { constants } from "node:fs";
import { type FileHandle, open, statfs } from "node:fs/promises";

/** File systems known to take O_DIRECT well, by their magic numbers (statfs(2)). */
const KNOWN: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x58465342, // XFS
]);

/**
 * A second handle to an open file whose writes go past the page cache (O_DIRECT,
 * open(2)), or `null` where the system or the file system has no such thing, or is
 * not known to have it.
 */
export async function openDirect(fd: number): Promise<FileHandle | null> {
  if (process.platform !== "linux") return null;
  const path = `/proc/self/fd/${fd}`;
  try {
    const { type } = await statfs(path);
    if (!KNOWN.has(type)) return null;
    return await open(path, constants.O_WRONLY | constants.O_DIRECT);
  } catch {
    return null; // it only makes writing faster: without it the file is written as ever, and errors show then
  }
}
