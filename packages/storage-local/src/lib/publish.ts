import { link, rename, rmdir, stat } from "node:fs/promises";
import { createByClaim, type Finished } from "./claim.ts";
import { errnoOf } from "./errors.ts";
import { look, removeFile } from "./files.ts";
import type { Parts } from "./parts.ts";
import type { Place } from "./place.ts";
import { syncFolder } from "./sync.ts";

/** Errors that say: this file system has no hard links, or no more of them for this file. */
const NO_LINKS = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EXDEV", "EMLINK", "EINVAL"]);

/** How often folders are made anew that a delete of the last object in them removed in the meantime. */
const TRIES = 100;

/**
 * Makes the folders of a place, gives a finished temporary file its name there
 * with `publish`, and makes the name durable.
 */
export async function settle(
  { settings, maker }: Parts,
  { key, folders }: Place,
  temporary: string,
  operation: string,
  publish: () => Promise<boolean>,
): Promise<boolean> {
  for (let tries = 1; ; tries += 1) {
    try {
      await maker.make(folders, operation, key);
      const done = await publish();
      if (done && settings.durable) await syncFolder(folders.at(-1) ?? settings.root);
      return done;
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || tries === TRIES || (await look(temporary)) === null) throw error;
    }
  }
}

/** Whether an error says that a hard link cannot be made here, though a copy could. */
export function lacksLinks(error: unknown): boolean {
  return NO_LINKS.has(errnoOf(error) ?? "");
}

/** Gives a finished temporary file its final name, in the place of whatever has it. Answers `true`. */
export async function replace({ temporary, file }: Finished): Promise<boolean> {
  try {
    await rename(temporary, file);
  } catch (error) {
    if (errnoOf(error) !== "EISDIR") throw error;
    await rmdir(file); // an empty folder that a crash left over; one that is not empty stays
    await rename(temporary, file);
  }
  return true;
}

/**
 * Gives a finished temporary file its final name only where that is free, and
 * answers whether it was. Atomic between processes and machines: by a hard link,
 * or where there are none, by a claim file.
 *
 * @param makeLink stands in for the file system's own in tests
 */
export async function create(finished: Finished, makeLink: typeof link = link): Promise<boolean> {
  const { temporary, file } = finished;
  try {
    await makeLink(temporary, file);
  } catch (error) {
    if (lacksLinks(error)) return createByClaim(finished);
    if (errnoOf(error) !== "EEXIST") throw error;
    // Over NFS, the answer to the request that did it may be lost and the request repeated.
    if ((await stat(temporary)).nlink < 2) return false;
  }
  await removeFile(temporary);
  return true;
}
