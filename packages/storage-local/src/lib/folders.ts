import { chmod, lstat, mkdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import { LifeboatError } from "@lifeboat/contracts";
import { errnoOf } from "./errors.ts";
import { look } from "./files.ts";
import { syncFolder } from "./sync.ts";

const OWNER_ONLY = 0o700;

/**
 * Whether every folder is there, without following a link.
 *
 * @throws INVALID where one of them is a symbolic link, which could lead out of the root
 */
export async function foldersExist(folders: readonly string[], operation: string, key?: string): Promise<boolean> {
  for (const folder of folders) {
    const found = await look(folder);
    if (found?.isSymbolicLink()) throw linkInTheWay(folder, operation, key);
    if (!found?.isDirectory()) return false;
  }
  return true;
}

/** The error for a symbolic link where an object or a folder of objects should be. */
export function linkInTheWay(path: string, operation: string, key?: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    key,
    message: `Expected no link inside the storage, found a symbolic link at ${JSON.stringify(path)}.`,
    hint: "Links are never followed. Replace it by what it points to, or give that place as the storage's own path.",
  });
}

/** Makes folders for their owner only, whatever the umask, and durable where that is asked for. */
export class FolderMaker {
  readonly #durable: boolean;
  /** What this process is making now: whoever finds such a folder waits until its name is durable too. */
  readonly #underway = new Map<string, Promise<void>>();

  constructor(durable: boolean) {
    this.#durable = durable;
  }

  /** The root and whatever is missing above it. Links above the root are the host's own choice and are followed. */
  async makeRoot(root: string): Promise<void> {
    try {
      await this.#once(root);
    } catch (error) {
      if (errnoOf(error) !== "ENOENT" || dirname(root) === root) throw error;
      await this.makeRoot(dirname(root));
      await this.#once(root);
    }
  }

  /** The folders that lead to a key, outermost first. */
  async make(folders: readonly string[], operation: string, key?: string): Promise<void> {
    for (const folder of folders) {
      await this.#underway.get(folder);
      const found = await look(folder);
      if (found?.isSymbolicLink()) throw linkInTheWay(folder, operation, key);
      if (found === null) await this.#once(folder);
    }
  }

  async #once(folder: string): Promise<void> {
    const making = this.#underway.get(folder) ?? this.#make(folder).finally(() => this.#underway.delete(folder));
    this.#underway.set(folder, making);
    await making;
  }

  async #make(folder: string): Promise<void> {
    try {
      await mkdir(folder, { mode: OWNER_ONLY });
    } catch (error) {
      if (errnoOf(error) === "EEXIST") return;
      throw error;
    }
    const { mode } = await lstat(folder);
    if ((mode & 0o777) !== OWNER_ONLY) await chmod(folder, OWNER_ONLY);
    if (this.#durable) await syncFolder(dirname(folder));
  }
}

/**
 * Removes folders that are empty, innermost first, and answers the innermost one
 * that stayed. Another put may fill or remove one at any time: both are fine.
 */
export async function removeEmpty(folders: readonly string[], root: string): Promise<string> {
  for (const folder of folders.toReversed()) {
    try {
      await rmdir(folder);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") continue;
      return folder;
    }
  }
  return root;
}
