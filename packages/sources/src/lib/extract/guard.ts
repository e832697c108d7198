import {
  type EntryInfo,
  type ErrorCode,
  entryPathProblem,
  hasRawBytes,
  LifeboatError,
  pathFromBytes,
  pathToBytes,
} from "@lifeboat/contracts";
import { DIRECTORY, FILE, PARENT, PathMap, SYMLINK } from "../fs/path-map.ts";
import { parentPath } from "../fs/split.ts";

/** Caps on what one restore may make. */
export interface ExtractLimits {
  /** Default: no limit. */
  readonly maxEntries?: number | undefined;
  /** Bytes of content. Default: no limit. */
  readonly maxBytes?: number | undefined;
}

/**
 * Looks at each entry before anything is done for it, and refuses what no honest
 * backup holds. It knows every path of the run, so a name that comes twice, or
 * that lies beneath a file or link, is refused whatever the order and the threads.
 */
export class Guard {
  readonly operation: string;
  readonly #limits: ExtractLimits;
  readonly paths = new PathMap();
  #entries = 0;
  #bytes = 0;
  #lastParent = "";

  constructor(operation: string, limits: ExtractLimits) {
    this.operation = operation;
    this.#limits = limits;
  }

  /** @throws INVALID, CORRUPT, UNSUPPORTED with the entry's path as `key` */
  check(entry: EntryInfo): void {
    const { path, type } = entry;
    const problem = nameProblem(path);
    if (problem !== null) throw this.refusal("INVALID", path, problem);
    this.#count(entry);
    switch (type) {
      case "file":
      case "directory":
        break;
      case "symlink":
        this.#checkTarget(entry);
        break;
      case "hardlink":
        this.#checkHardLink(entry);
        break;
      default:
        throw this.refusal("UNSUPPORTED", path, `it is of the type ${JSON.stringify(type)}, which is never restored`);
    }
    this.#claim(path, type === "directory");
    this.paths.set(path, type === "directory" ? DIRECTORY : type === "symlink" ? SYMLINK : FILE);
  }

  /** The error for an entry that is not to be restored. */
  refusal(code: ErrorCode, path: string, why: string): LifeboatError {
    return new LifeboatError({
      code,
      operation: this.operation,
      message: `The entry ${JSON.stringify(path)} was refused: ${why}.`,
      key: path,
      hint: "Do not restore this backup as it is: it is damaged, or somebody has made it up.",
    });
  }

  #count({ path, size }: EntryInfo): void {
    const { maxEntries = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY } = this.#limits;
    if (!Number.isSafeInteger(size) || size < 0) throw this.refusal("CORRUPT", path, `its size is ${size}`);
    this.#entries += 1;
    this.#bytes += size;
    if (this.#entries > maxEntries) throw this.refusal("INVALID", path, `the limit is ${maxEntries} entries`);
    if (this.#bytes > maxBytes) throw this.refusal("INVALID", path, `the limit is ${maxBytes} bytes in all`);
  }

  #checkTarget({ path, target }: EntryInfo): void {
    if (typeof target !== "string" || target === "" || target.includes("\0")) {
      throw this.refusal("INVALID", path, "it is a symbolic link without a proper target");
    }
  }

  #checkHardLink({ path, target }: EntryInfo): void {
    const problem = typeof target === "string" ? nameProblem(target) : "it has none";
    if (typeof target !== "string" || problem !== null) {
      throw this.refusal("INVALID", path, `it is a hard link, and of its target: ${problem}`);
    }
    const use = this.paths.get(target);
    // of an honest backup it is absent where it vanished before it was read; the writer looks whether it is there
    if (use === FILE || (use === undefined && !this.#isBeneathFile(target))) return;
    throw this.refusal("INVALID", path, `it is a hard link to ${JSON.stringify(target)}, which is no restored file`);
  }

  #isBeneathFile(path: string): boolean {
    for (let parent = parentPath(path); parent !== ""; parent = parentPath(parent)) {
      const above = this.paths.get(parent);
      if (above === FILE || above === SYMLINK) return true;
    }
    return false;
  }

  #claim(path: string, isDirectory: boolean): void {
    const use = this.paths.get(path);
    if (use !== undefined && !(use === PARENT && isDirectory)) {
      const why = use === PARENT ? "other entries lie beneath it, but it is no directory" : "its name comes twice";
      throw this.refusal("CORRUPT", path, why);
    }
    const nearest = parentPath(path);
    if (nearest === this.#lastParent) return;
    for (let parent = nearest; parent !== ""; parent = parentPath(parent)) {
      const above = this.paths.get(parent);
      if (above === PARENT || above === DIRECTORY) break;
      if (above !== undefined) {
        const kind = above === SYMLINK ? "symbolic link" : "file";
        throw this.refusal("INVALID", path, `it would be written through ${JSON.stringify(parent)}, a ${kind}`);
      }
      this.paths.set(parent, PARENT);
    }
    this.#lastParent = nearest;
  }
}

function nameProblem(path: string): string | null {
  if (typeof path !== "string") return "it has no path";
  const problem = entryPathProblem(path);
  if (problem !== null) return `its path is not allowed: ${problem}`;
  if (process.platform === "win32" && /[\\:]/.test(path)) return "its path holds '\\' or ':'";
  if (hasRawBytes(path) && pathFromBytes(pathToBytes(path)) !== path) return "its path is not escaped as it must be";
  return null;
}
