import {
  closeSync,
  constants,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { LifeboatError, type RestoreMode } from "@lifeboat/contracts";
import { errnoOf } from "../errors.ts";
import { closeDirectory, type Directory, openChild } from "../fs/directory.ts";
import { DirectoryCache } from "../fs/directory-cache.ts";
import { holdsMount } from "../fs/mounts.ts";
import { native } from "../fs/names.ts";
import { baseName, parentPath } from "../fs/split.ts";
import { temporaryName } from "../fs/temporary.ts";
import { dressLink, dressOpen, dressPath } from "./dress.ts";
import { InTheWay } from "./in-the-way.ts";
import type { Dress, WriteProblem, WriterOptions } from "./protocol.ts";
import { publish, unlinkQuietly } from "./publish.ts";

const CREATE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const OWNER_ONLY_FILE = 0o600;
const OWNER_ONLY_DIRECTORY = 0o700;

/** A file whose content is on its way. */
interface Begun {
  readonly path: string;
  readonly fd: number;
  readonly parent: string;
  readonly name: string;
}

/** Thrown to leave an entry alone, in mode `missing`. */
class LeftAlone extends Error {}

/** Writes entries under a directory, synchronously and never through a link: it belongs in a worker. */
export class Writer {
  readonly #fresh: boolean;
  readonly #mode: RestoreMode;
  readonly #operation: string;
  readonly #directories: DirectoryCache;
  readonly #inTheWay: InTheWay;
  readonly #made = new Set<string>();
  #begun: Begun | null = null;
  /** The entry at work, for messages. */
  #current = "";
  problems: WriteProblem[] = [];

  constructor({ root, fresh, mode, operation }: WriterOptions) {
    this.#fresh = fresh;
    this.#mode = mode;
    this.#operation = operation;
    this.#directories = new DirectoryCache(root, (parent, name, path) => this.#enter(parent, name, path));
    this.#inTheWay = new InTheWay((path) => this.#directories.get(path));
  }

  file(path: string, content: Uint8Array, dress: Dress): void {
    this.#current = path;
    this.#leaving(() => {
      const begun = this.#create(path);
      try {
        for (let at = 0; at < content.length; ) at += writeSync(begun.fd, content, at);
        dressOpen(begun.fd, dress, this.#failed(path));
      } catch (error) {
        closeSync(begun.fd);
        this.#drop(begun);
        throw error;
      }
      closeSync(begun.fd);
      this.#publish(begun);
    });
  }

  /** Begins a file whose content others write; answers its descriptor, or -1 where it is left alone. */
  begin(path: string): number {
    this.#current = path;
    this.#begun = null;
    this.#leaving(() => {
      this.#begun = this.#create(path);
    });
    return (this.#begun as Begun | null)?.fd ?? -1;
  }

  /** Ends the file that was begun: what was not written of it is a hole. */
  end(size: number, dress: Dress): void {
    const begun = this.#begun;
    if (begun === null) return;
    ftruncateSync(begun.fd, size);
    dressOpen(begun.fd, dress, this.#failed(begun.path));
    this.#begun = null;
    closeSync(begun.fd);
    this.#publish(begun);
  }

  directory(path: string): void {
    this.#current = path;
    const leftAlone = this.#leaving(() => {
      this.#directories.get(path);
      if (this.#mode === "missing" && !this.#made.has(path)) throw new LeftAlone();
    });
    if (leftAlone) this.problems.push({ kind: "kept", path, code: "ALREADY_EXISTS", message: path });
  }

  symlink(path: string, target: string, dress: Dress): void {
    this.#current = path;
    this.#make(path, (at) => {
      symlinkSync(native(target), at);
      dressLink(at, dress, this.#failed(path));
    });
  }

  hardlink(path: string, target: string): void {
    this.#current = path;
    // its own descriptor: the way to the link may close the one in the cache
    const source = openChild(this.#directories.get(parentPath(target)), ".");
    try {
      const from = native(source.base + baseName(target));
      if (!lstatSync(from, { throwIfNoEntry: false })?.isFile()) {
        throw this.#refusal(
          `${JSON.stringify(target)}, that it is a hard link to, is no file of this restore or place`,
        );
      }
      this.#make(path, (at) => linkSync(from, at));
    } finally {
      closeDirectory(source);
    }
  }

  /** Sets a directory's own owner, mode and times, when nothing in it changes any more. */
  dress(path: string, dress: Dress): void {
    this.#current = path;
    const directory = this.#directories.get(path);
    if (directory.fd >= 0) dressOpen(directory.fd, dress, this.#failed(path));
    else dressPath(native(directory.base.slice(0, -1)), dress, this.#failed(path));
  }

  remove(path: string, isDirectory: boolean): void {
    try {
      const at = native(this.#directories.get(parentPath(path)).base + baseName(path));
      if (isDirectory) rmdirSync(at);
      else unlinkSync(at);
    } catch (error) {
      // gone already, or it holds things that are not the source's to remove
      if (!["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"].includes(errnoOf(error) ?? "")) throw error;
    }
  }

  /** Deletes what had to move aside: everything else has succeeded. */
  clear(): void {
    this.#inTheWay.clear();
  }

  close(): void {
    this.#directories.close();
  }

  /** Removes what is not finished and puts back what was moved aside. */
  discard(): void {
    if (this.#begun !== null) {
      closeSync(this.#begun.fd);
      this.#drop(this.#begun);
      this.#begun = null;
    }
    this.#inTheWay.undo();
    this.#directories.close();
  }

  #create(path: string): Begun {
    const parent = parentPath(path);
    const directory = this.#directories.get(parent);
    const name = this.#fresh ? baseName(path) : temporaryName();
    if (this.#mode === "missing" && exists(directory, baseName(path))) throw new LeftAlone();
    return { path, parent, name, fd: openSync(native(directory.base + name), CREATE, OWNER_ONLY_FILE) };
  }

  #make(path: string, create: (at: string | Buffer) => void): void {
    this.#leaving(() => {
      const parent = parentPath(path);
      const directory = this.#directories.get(parent);
      if (this.#mode === "missing" && exists(directory, baseName(path))) throw new LeftAlone();
      const name = this.#fresh ? baseName(path) : temporaryName();
      create(native(directory.base + name));
      this.#publish({ path, parent, name, fd: -1 });
    });
  }

  #publish(begun: Begun): void {
    if (this.#fresh) return;
    const directory = this.#directories.get(begun.parent);
    const name = baseName(begun.path);
    publish(directory, begun.name, name, this.#mode === "missing", () => {
      if (holdsMount(directory, name)) throw this.#mounted();
      this.#inTheWay.displace(directory, begun.parent, name);
    });
  }

  #drop({ parent, name }: Begun): void {
    if (!this.#fresh) unlinkQuietly(this.#directories.get(parent), name);
  }

  /** Opens a directory beneath the root, making it where it is absent. */
  #enter(parent: Directory, name: string, path: string): Directory {
    for (let attempt = 0; ; attempt++) {
      try {
        return openChild(parent, name);
      } catch (error) {
        const errno = errnoOf(error);
        if (attempt > 3 || (errno !== "ENOENT" && errno !== "ENOTDIR" && errno !== "ELOOP")) throw error;
      }
      this.#makeWay(parent, name, path);
    }
  }

  #makeWay(parent: Directory, name: string, path: string): void {
    const at = native(parent.base + name);
    const stat = lstatSync(at, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) throw this.#refusal(`${JSON.stringify(path)} is a link where a directory should be`);
    if (stat?.isDirectory()) return;
    if (stat !== undefined) {
      if (this.#mode === "missing") throw new LeftAlone();
      if (this.#fresh) throw this.#refusal(`${JSON.stringify(path)} is both a file and a directory`);
      this.#inTheWay.displaceFile(parent, parentPath(path), name);
    }
    try {
      mkdirSync(at, OWNER_ONLY_DIRECTORY);
      if (this.#mode === "missing") this.#made.add(path);
    } catch (error) {
      if (errnoOf(error) !== "EEXIST") throw error; // another thread was faster
    }
  }

  #refusal(why: string): LifeboatError {
    return new LifeboatError({
      code: "INVALID",
      operation: this.#operation,
      message: `The entry ${JSON.stringify(this.#current)} was refused: ${why}. Nothing is written through links.`,
      key: this.#current,
      hint: "Remove the link from the target, or restore to another place.",
    });
  }

  #mounted(): LifeboatError {
    return new LifeboatError({
      code: "CONFLICT",
      operation: this.#operation,
      message: `${JSON.stringify(this.#current)} is a directory that would have to go, but another disk is mounted in it.`,
      key: this.#current,
      hint: "Unmount what is mounted there, or restore to another place.",
    });
  }

  #failed(path: string): (what: string) => void {
    return (what) => {
      this.problems.push({ kind: "dress", path, code: "PERMISSION_DENIED", message: `${path}: ${what}.` });
    };
  }

  /** Runs what may decide to leave an entry alone, and tells whether it did. */
  #leaving(write: () => void): boolean {
    try {
      write();
      return false;
    } catch (error) {
      if (!(error instanceof LeftAlone)) throw error;
      return true;
    }
  }
}

function exists(directory: Directory, name: string): boolean {
  return lstatSync(native(directory.base + name), { throwIfNoEntry: false }) !== undefined;
}
