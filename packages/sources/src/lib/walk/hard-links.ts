import { lstatSync, type Stats, statSync } from "node:fs";

/** So many files with more names than were met yet are remembered; past it, a name counts as a file of its own. */
const LIMIT = 1_000_000;

/** Remembers the first name of each file that has several. */
export class HardLinks {
  readonly #first = new Map<string, { path: string; left: number }>();

  /** The path under which this file was met before, or `null`: then it is remembered. */
  first(stat: Stats, at: string | Buffer, path: string): string | null {
    const key = identity(stat, at);
    const known = this.#first.get(key);
    if (known === undefined) {
      if (this.#first.size < LIMIT) this.#first.set(key, { path, left: stat.nlink - 1 });
      return null;
    }
    known.left -= 1;
    if (known.left <= 0) this.#first.delete(key);
    return known.path;
  }
}

/** Device and inode; exact even where an inode number is past what a double holds. */
function identity(stat: Stats, at: string | Buffer): string {
  if (stat.ino <= Number.MAX_SAFE_INTEGER) return `${stat.dev}:${stat.ino}`;
  const link = lstatSync(at, { bigint: true });
  const exact = link.isSymbolicLink() ? statSync(at, { bigint: true }) : link;
  return `${exact.dev}:${exact.ino}`;
}
