import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "./errors.ts";
import { removeFile } from "./files.ts";
import type { FolderMaker } from "./folders.ts";
import { ownOwner, temporaryName } from "./owner.ts";
import { TEMPORARY } from "./place.ts";
import { sweep } from "./sweep.ts";

const OWNER_ONLY = 0o600;

/** Makes the temporary files of one storage, and removes those that dead processes left. */
export class TemporaryFiles {
  readonly #root: string;
  readonly #maker: FolderMaker;
  #swept: Promise<void> | undefined;

  constructor(root: string, maker: FolderMaker) {
    this.#root = root;
    this.#maker = maker;
  }

  /** A path that nobody else uses, in a folder that is there. */
  async reserve(operation: string): Promise<string> {
    const folder = join(this.#root, TEMPORARY);
    try {
      await this.#maker.make([folder], operation);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT") throw error;
      await this.#maker.makeRoot(this.#root);
      await this.#maker.make([folder], operation);
    }
    return join(folder, temporaryName(await ownOwner()));
  }

  /** Makes a file for its owner only, whatever the umask. */
  async open(operation: string): Promise<{ path: string; file: FileHandle }> {
    const path = await this.reserve(operation);
    const { O_CREAT, O_EXCL, O_WRONLY, O_NOFOLLOW } = constants;
    const file = await open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW, OWNER_ONLY);
    try {
      const { mode, ctimeMs } = await file.stat();
      if ((mode & 0o777) !== OWNER_ONLY) await restrict(file);
      this.#swept ??= this.#sweep(ctimeMs);
      await this.#swept;
      return { path, file };
    } catch (error) {
      await file.close();
      await removeFile(path);
      throw error;
    }
  }

  async #sweep(now: number): Promise<void> {
    try {
      await sweep(join(this.#root, TEMPORARY), await ownOwner(), now);
    } catch {
      // Leftovers only take up room, and another user's may not be ours to remove:
      // no reason to refuse a backup. The next process tries again.
    }
  }
}

/** Where the file system has no modes of its own (vfat, CIFS), its mount options say who may read. */
async function restrict(file: FileHandle): Promise<void> {
  try {
    await file.chmod(OWNER_ONLY);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== "EPERM" && errno !== "ENOTSUP" && errno !== "ENOSYS") throw error;
  }
}
