import { lstat, unlink } from "node:fs/promises";
import { errnoOf } from "./errors.ts";

/** What is at a path, links not followed; `null` where it is proven absent. */
export async function look(path: string) {
  try {
    return await lstat(path);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === "ENOENT" || errno === "ENOTDIR") return null;
    throw error;
  }
}

/** Removes a file; one that is gone already is fine. */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
