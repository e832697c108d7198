import { constants } from "node:fs";
import { copyFile, link, open } from "node:fs/promises";
import type { AbortOptions } from "@lifeboat/contracts";
import { errnoOf, missing } from "./errors.ts";
import { look, removeFile } from "./files.ts";
import { foldersExist, linkInTheWay } from "./folders.ts";
import { assertMounted } from "./mount.ts";
import type { Parts } from "./parts.ts";
import { placeOf } from "./place.ts";
import { lacksLinks, replace, settle } from "./publish.ts";

const OPERATION = "storage.copy";

/**
 * Gives an object a second key by a hard link; objects are replaced, never
 * changed, so the two stay apart. Where there are no links the bytes are copied,
 * or shared where the file system can (FICLONE).
 */
export async function copy(parts: Parts, from: string, to: string, { signal }: AbortOptions): Promise<void> {
  const { settings, temporaries } = parts;
  const source = placeOf(settings.root, from, OPERATION);
  const target = placeOf(settings.root, to, OPERATION);
  await assertMounted(settings, OPERATION);
  const there = await foldersExist(source.folders, OPERATION, from);
  const found = there ? await look(source.file) : null;
  if (found?.isSymbolicLink()) throw linkInTheWay(source.file, OPERATION, from);
  if (!found?.isFile()) throw missing(from, OPERATION);
  const temporary = await temporaries.reserve(OPERATION);
  try {
    signal?.throwIfAborted();
    await linkOrCopy(source.file, temporary, settings.durable);
    signal?.throwIfAborted();
    const finished = { key: to, temporary, file: target.file };
    await settle(parts, target, temporary, OPERATION, () => replace(finished));
  } catch (error) {
    if (errnoOf(error) === "ENOENT" && (await look(source.file)) === null) throw missing(from, OPERATION);
    throw error;
  } finally {
    await removeFile(temporary); // renaming onto another link to the same file leaves the first name
  }
}

async function linkOrCopy(from: string, to: string, durable: boolean): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!lacksLinks(error)) throw error;
    await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    if (!durable) return;
    await using file = await open(to, constants.O_RDONLY);
    await file.sync();
  }
}
