import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { EntryInfo } from "@lifeboat/contracts";
import { errnoOf } from "../errors.ts";
import { openChild } from "../fs/directory.ts";
import { DirectoryCache } from "../fs/directory-cache.ts";
import { native, readLink } from "../fs/names.ts";
import { baseName, parentPath } from "../fs/split.ts";
import { type ACTIONS, ASK, type CompareOptions } from "./protocol.ts";

const PIECE = 1024 * 1024;
/** So many pieces are hashed between two turns of the event loop. */
const TURN = 8;
const OPEN = constants.O_RDONLY | constants.O_NONBLOCK | (constants.O_NOFOLLOW ?? 0);

type Action = (typeof ACTIONS)[number];
/** Owners are -1 where they do not matter. */
type Compared = Pick<EntryInfo, "path" | "type" | "size" | "mode" | "mtimeMs" | "target" | "sha256"> & {
  readonly uid: number;
  readonly gid: number;
};

/** Compares entries with what is there, never through a link. Reads only. */
export class Comparer {
  readonly #keepExisting: boolean;
  readonly #directories: DirectoryCache | null;
  readonly #buffer = Buffer.allocUnsafeSlow(PIECE);
  /** A directory that is not there: nothing beneath it is either. */
  #absent = "";
  /** Whether it is not there because something that is no directory is in the way. */
  #blocked = false;

  constructor({ root, keepExisting }: CompareOptions) {
    this.#keepExisting = keepExisting;
    this.#directories = openTree(root);
  }

  async action(entry: Compared): Promise<Action> {
    const live = this.#stat(entry.path);
    if (live === null) return this.#keepExisting && this.#isBlocked(entry.path) ? "unchanged" : "create";
    if (this.#keepExisting) return "unchanged";
    if (live.isDirectory() && entry.type !== "directory") return "displace";
    if (!(await this.#same(entry, live))) return "replace";
    return entry.type === "file" && entry.sha256 === ASK ? "ask" : "unchanged";
  }

  close(): void {
    this.#directories?.close();
  }

  async #same(entry: Compared, live: Stats): Promise<boolean> {
    const sameTime = Math.floor(live.mtimeMs) === Math.floor(entry.mtimeMs);
    const sameMode = (live.mode & 0o7777) === (entry.mode & 0o7777);
    const { uid, gid } = entry;
    const sameOwner = (uid < 0 || uid === live.uid) && (gid < 0 || gid === live.gid);
    switch (entry.type) {
      case "directory":
        return live.isDirectory() && sameTime && sameMode && sameOwner;
      case "symlink":
        return live.isSymbolicLink() && sameTime && sameOwner && readLink(this.#at(entry.path)) === entry.target;
      case "hardlink": {
        const other = this.#stat(entry.target ?? "");
        return live.isFile() && other !== null && other.dev === live.dev && other.ino === live.ino;
      }
      default:
        if (!live.isFile() || live.size !== entry.size || !sameTime || !sameMode || !sameOwner) return false;
        return (
          entry.sha256 === ASK || (entry.sha256 !== undefined && (await this.#sha256(entry.path)) === entry.sha256)
        );
    }
  }

  #at(path: string): string {
    const directory = this.#directories?.get(parentPath(path));
    return (directory?.base ?? "") + baseName(path);
  }

  #stat(path: string): Stats | null {
    const parent = parentPath(path);
    if (this.#directories === null) return null;
    if (this.#isAbsent(parent)) return null;
    try {
      return lstatSync(native(this.#at(path)), { throwIfNoEntry: false }) ?? null;
    } catch (error) {
      if (!["ENOENT", "ENOTDIR", "ELOOP"].includes(errnoOf(error) ?? "")) throw error;
      this.#absent = parent;
      this.#blocked = errnoOf(error) !== "ENOENT";
      return null;
    }
  }

  #isAbsent(directory: string): boolean {
    return this.#absent !== "" && `${directory}/`.startsWith(`${this.#absent}/`);
  }

  #isBlocked(path: string): boolean {
    return this.#blocked && this.#isAbsent(parentPath(path));
  }

  /** The live file's SHA-256, or `null` where it cannot be read: then it is not known to be the same. */
  async #sha256(path: string): Promise<string | null> {
    let fd: number;
    try {
      fd = openSync(native(this.#at(path)), OPEN);
    } catch {
      return null;
    }
    try {
      if (!fstatSync(fd).isFile()) return null;
      const hash = createHash("sha256");
      for (let pieces = 1; ; pieces++) {
        const length = readSync(fd, this.#buffer);
        if (length === 0) return hash.digest("hex");
        hash.update(this.#buffer.subarray(0, length));
        if (pieces % TURN === 0) await nextTurn();
      }
    } finally {
      closeSync(fd);
    }
  }
}

function openTree(root: string): DirectoryCache | null {
  try {
    return new DirectoryCache(root, (parent, name) => openChild(parent, name));
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return null;
    throw error;
  }
}
