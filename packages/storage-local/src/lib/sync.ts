import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errnoOf } from "./errors.ts";

/** Makes the names in a folder durable. A folder that is gone has none. */
export async function syncFolder(path: string): Promise<void> {
  try {
    await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await folder.sync();
  } catch (error) {
    const errno = errnoOf(error);
    // Some file systems (CIFS, FUSE) have no such call, and write names through anyway.
    if (errno === "ENOENT" || errno === "EINVAL" || errno === "ENOTSUP" || errno === "EISDIR") return;
    throw error;
  }
}
