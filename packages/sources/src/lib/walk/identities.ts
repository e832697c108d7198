import { statSync } from "node:fs";
import { LifeboatError } from "@lifeboat/contracts";
import { native } from "../fs/names.ts";

/** Directories by what they are, whatever path, link or mount leads to them. One that is not there is none. */
export class Identities {
  readonly #known = new Set<string>();

  constructor(paths: readonly string[]) {
    for (const path of paths) {
      const stat = statSync(native(path), { throwIfNoEntry: false });
      if (stat !== undefined) this.#known.add(`${stat.dev}:${stat.ino}`);
    }
  }

  has(dev: number, ino: number): boolean {
    return this.#known.size > 0 && this.#known.has(`${dev}:${ino}`);
  }
}

/** Says that what should be walked is a site. */
export function isSite(root: string, operation: string): LifeboatError {
  return new LifeboatError({
    code: "INVALID",
    operation,
    key: root,
    message: `${root} is where backups are kept, so it is not backed up itself.`,
    hint: "Keep the backups in a directory of their own.",
  });
}
