import { linkSync, lstatSync, renameSync, unlinkSync } from "node:fs";
import { errnoOf } from "../errors.ts";
import type { Directory } from "../fs/directory.ts";
import { native } from "../fs/names.ts";
import { removeTree } from "../fs/remove.ts";
import { temporaryName } from "../fs/temporary.ts";

interface Displaced {
  readonly parent: string;
  readonly name: string;
  readonly aside: string;
}

/**
 * What had to make room for an entry of another kind: a file for a directory, or a
 * directory for a file. It is moved aside, deleted when all has succeeded, and put
 * back when it has not.
 */
export class InTheWay {
  readonly #open: (path: string) => Directory;
  readonly #displaced: Displaced[] = [];

  constructor(open: (path: string) => Directory) {
    this.#open = open;
  }

  /** Moves aside what has this name. */
  displace(parent: Directory, parentPath: string, name: string): void {
    const aside = temporaryName();
    renameSync(native(parent.base + name), native(parent.base + aside));
    this.#displaced.push({ parent: parentPath, name, aside });
  }

  /**
   * Moves aside what is no directory. Another thread may have been faster, and made a
   * directory of that name that it already fills: a rename would take that one away,
   * so the name is unlinked instead, which no directory can be.
   */
  displaceFile(parent: Directory, parentPath: string, name: string): void {
    const at = native(parent.base + name);
    const aside = temporaryName();
    try {
      linkSync(at, native(parent.base + aside));
    } catch {
      // gone, a directory by now, or there are no links here
      const stat = lstatSync(at, { throwIfNoEntry: false });
      if (stat !== undefined && !stat.isDirectory()) this.displace(parent, parentPath, name);
      return;
    }
    try {
      unlinkSync(at);
      this.#displaced.push({ parent: parentPath, name, aside });
    } catch (error) {
      unlinkSync(native(parent.base + aside));
      if (!["ENOENT", "EISDIR", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
    }
  }

  /** Deletes for good what was moved aside. */
  clear(): void {
    for (const { parent, aside } of this.#displaced.splice(0)) removeTree(this.#open(parent), aside);
  }

  /** Puts everything back, in place of what was written there instead. */
  undo(): void {
    for (const { parent, name, aside } of this.#displaced.splice(0).reverse()) {
      const directory = this.#open(parent);
      if (lstatSync(native(directory.base + aside), { throwIfNoEntry: false }) === undefined) continue;
      removeTree(directory, name);
      renameSync(native(directory.base + aside), native(directory.base + name));
    }
  }
}
