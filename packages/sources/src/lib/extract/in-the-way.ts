import { lstatSync, renameSync } from "node:fs";
import type { Directory } from "../fs/directory.ts";
import { native } from "../fs/names.ts";
import { removeTree } from "../fs/remove.ts";
import { temporaryName } from "./temporary.ts";

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
