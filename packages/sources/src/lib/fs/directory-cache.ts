import { closeDirectory, type Directory, openRoot } from "./directory.ts";

/** So many directories are held open at once, the root apart. */
const LIMIT = 96;

/** Goes one step down: opens (or makes) `name` in `parent`, or throws. */
export type Step = (parent: Directory, name: string, path: string) => Directory;

/** The directories of a tree by path, the last used of them open. */
export class DirectoryCache {
  readonly #step: Step;
  readonly #root: Directory;
  /** In the order of their last use. */
  readonly #open = new Map<string, Directory>();
  #lastPath = "";
  #last: Directory;

  constructor(root: string, step: Step) {
    this.#step = step;
    this.#root = openRoot(root);
    this.#last = this.#root;
  }

  get root(): Directory {
    return this.#root;
  }

  /** The directory at a path, its ancestors entered one by one; `""` is the root. */
  get(path: string): Directory {
    if (path === this.#lastPath) return this.#last;
    let end = path.length;
    let at = this.#known(path);
    while (at === undefined) {
      end = path.lastIndexOf("/", end - 1);
      at = end < 0 ? this.#root : this.#known(path.slice(0, end));
    }
    while (end < path.length) {
      const start = end + 1;
      const slash = path.indexOf("/", start);
      end = slash < 0 ? path.length : slash;
      const child = this.#step(at, path.slice(start, end), path.slice(0, end));
      this.#keep(path.slice(0, end), child);
      at = child;
    }
    this.#lastPath = path;
    this.#last = at;
    return at;
  }

  close(): void {
    for (const directory of this.#open.values()) closeDirectory(directory);
    this.#open.clear();
    closeDirectory(this.#root);
  }

  #known(path: string): Directory | undefined {
    if (path === "") return this.#root;
    const directory = this.#open.get(path);
    if (directory === undefined) return undefined;
    this.#open.delete(path);
    this.#open.set(path, directory);
    return directory;
  }

  #keep(path: string, directory: Directory): void {
    for (const [old, oldest] of this.#open) {
      if (this.#open.size < LIMIT) break;
      this.#open.delete(old);
      closeDirectory(oldest);
      if (old === this.#lastPath) {
        this.#lastPath = "";
        this.#last = this.#root;
      }
    }
    this.#open.set(path, directory);
  }
}
