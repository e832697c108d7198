import { fstatSync, lstatSync, realpathSync, type Stats, statSync } from "node:fs";
import { LifeboatError, type ProblemReport, pathFromBytes } from "@lifeboat/contracts";
import { causeOf, errnoOf, reasonOf, systemError } from "../errors.ts";
import { createFilter, type Filter, onTheWay, type Verdict } from "../filter.ts";
import { closeDirectory, type Directory, openChild, openRoot } from "../fs/directory.ts";
import { native, readLink, readNames } from "../fs/names.ts";
import { type Frame, Frames } from "./frames.ts";
import { HardLinks } from "./hard-links.ts";
import { Identities, isSite } from "./identities.ts";
import type { Found, WalkOptions } from "./protocol.ts";

/** What a walk hands over, one thing at a time. */
export interface WalkSink {
  entry(found: Found): void;
  problem(problem: ProblemReport): void;
  avoided(path: string): void;
}

/** Walks a tree, one name a step, so that the caller decides how far. Synchronous: it belongs in a worker. */
export class Walker {
  readonly #options: WalkOptions;
  readonly #filter: Filter;
  readonly #folders: readonly string[] | null;
  readonly #frames: Frames;
  readonly #links = new HardLinks();
  readonly #sink: WalkSink;
  readonly #avoid: Identities;

  /** @throws SOURCE_FAILED where the root cannot be walked; NOT_FOUND where a chosen folder is absent */
  constructor(options: WalkOptions, sink: WalkSink) {
    this.#options = options;
    this.#sink = sink;
    this.#filter = createFilter(options.filter, options.operation);
    this.#folders = options.filter.folders ?? null;
    this.#avoid = new Identities(options.avoid ?? []);
    this.#frames = new Frames(options.root, options.followLinks);
    const directory = this.#openRoot();
    try {
      this.#checkFolders(directory);
      const { dev, ino } = directory.fd >= 0 ? fstatSync(directory.fd) : statSync(native(options.root));
      if (this.#avoid.has(dev, ino)) throw isSite(options.root, options.operation);
      const names = readNames(directory.base);
      const inherited = this.#filter.top;
      this.#frames.push({ path: "", name: "", dev, ino, inherited, names, next: 0, pending: null, directory });
    } catch (error) {
      closeDirectory(directory);
      throw systemError(error, options.operation, `The directory ${options.root} could not be read`);
    }
  }

  /** Takes the next name. `false` at the end of the tree. */
  step(): boolean {
    const frame = this.#frames.top;
    if (frame === undefined) return false;
    const name = frame.names[frame.next];
    if (name === undefined) {
      this.#frames.pop();
      return this.#frames.top !== undefined;
    }
    frame.next += 1;
    const path = frame.path === "" ? name : `${frame.path}/${name}`;
    if (!frame.inherited.inFolder && !onTheWay(path, this.#folders ?? [])) return true;
    try {
      this.#visit(frame, this.#frames.directory(frame), path, name);
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      if (frame.directory === null) frame.next = frame.names.length; // the directory itself is gone
      this.#report(path, error);
    }
    return true;
  }

  close(): void {
    this.#frames.close();
  }

  #visit(frame: Frame, parent: Directory, path: string, name: string): void {
    const at = native(parent.base + name);
    let stat = lstatSync(at);
    const followed = this.#options.followLinks && stat.isSymbolicLink() ? this.#follow(at) : null;
    if (followed !== null) stat = followed;
    const verdict = this.#filter.decide(path, stat.isDirectory(), frame.inherited);
    if (verdict === null) return;
    const type = typeOf(stat);
    if (type === null) {
      const message = `${path} is a ${kindOf(stat)}, which cannot be backed up.`;
      this.#sink.problem({ path, code: "UNSUPPORTED", message });
      return;
    }
    const found = describe(stat, type, path, verdict);
    if (type === "directory") this.#enter(frame, parent, found, name, verdict);
    else if (type === "symlink") this.#emit({ ...found, target: readLink(parent.base + name) });
    else this.#file(stat, at, followed === null ? found : { ...found, real: realPath(at) });
  }

  #file(stat: Stats, at: string | Buffer, found: Found): void {
    const first = stat.nlink > 1 ? this.#links.first(stat, at, found.path) : null;
    this.#emit(first === null ? found : { ...found, type: "hardlink", size: 0, target: first });
  }

  #enter(frame: Frame, parent: Directory, found: Found, name: string, verdict: Verdict): void {
    const { path, dev, ino } = found;
    if (this.#avoid.has(dev, ino)) {
      this.#sink.avoided(path);
      return;
    }
    if (verdict.take) this.#emit(found);
    if (!verdict.enter || (this.#options.oneFileSystem && dev !== frame.dev)) return;
    const directory = openChild(parent, name, this.#options.followLinks);
    try {
      const names = readNames(directory.base);
      const pending = verdict.take ? null : found;
      this.#frames.push({ path, name, dev, ino, inherited: verdict, names, next: 0, pending, directory });
    } catch (error) {
      closeDirectory(directory);
      throw error;
    }
  }

  /** What a link leads to; `null` where it is to be kept as a link. */
  #follow(at: string | Buffer): Stats | null {
    const stat = statSync(at, { throwIfNoEntry: false });
    if (stat === undefined) return null;
    return stat.isDirectory() && this.#frames.contains(stat.dev, stat.ino) ? null : stat;
  }

  #emit(found: Found): void {
    for (const directory of this.#frames.takePending()) this.#sink.entry(directory);
    this.#sink.entry(found);
  }

  #report(path: string, error: unknown): void {
    const code = errnoOf(error) === "ESTALE" ? "NOT_FOUND" : causeOf(error);
    const message =
      code === "NOT_FOUND" ? `${path} vanished while it was read.` : `${path} could not be read: ${reasonOf(error)}.`;
    this.#sink.problem({ path, code, message });
  }

  #openRoot(): Directory {
    const { root, operation } = this.#options;
    try {
      return openRoot(root);
    } catch (error) {
      throw new LifeboatError({
        code: "SOURCE_FAILED",
        operation,
        message: `The directory ${root} could not be opened: ${reasonOf(error)}.`,
        hint: "Check the source's path, that its disk is mounted, and that this process may read it.",
        cause: error,
      });
    }
  }

  #checkFolders(root: Directory): void {
    const missing: string[] = [];
    const { missingFolder, operation } = this.#options;
    if (missingFolder === "ignore") return;
    for (const folder of this.#folders ?? []) {
      if (!exists(root, folder, this.#options.followLinks)) missing.push(folder);
    }
    const all = missing.length > 0 && missing.length === this.#folders?.length;
    if (missing.length > 0 && (all || missingFolder === "fail")) {
      throw new LifeboatError({
        code: "NOT_FOUND",
        operation,
        message: `${missing.join(", ")} was chosen, but is not in ${this.#options.root}.`,
        key: missing[0],
        hint: "Choose entries that exist, as paths relative to the source.",
      });
    }
    for (const path of missing) this.#sink.problem({ path, code: "NOT_FOUND", message: `${path} does not exist.` });
  }
}

function exists(root: Directory, path: string, followLinks: boolean): boolean {
  const names = path.split("/");
  const last = names.pop() ?? "";
  let at = root;
  try {
    for (const name of names) {
      const child = openChild(at, name, followLinks);
      if (at !== root) closeDirectory(at);
      at = child;
    }
    return lstatSync(native(at.base + last), { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    if (causeOf(error) === "NOT_FOUND" || causeOf(error) === "INVALID") return false;
    throw error;
  } finally {
    if (at !== root) closeDirectory(at);
  }
}

function describe(stat: Stats, type: Found["type"], path: string, { section = "", take: wanted }: Verdict): Found {
  const { mtimeMs, ctimeMs, dev, ino, uid, gid } = stat;
  const size = type === "file" ? stat.size : 0;
  const mode = stat.mode & 0o7777;
  return { type, path, target: "", section, real: "", wanted, size, mode, mtimeMs, ctimeMs, dev, ino, uid, gid };
}

function typeOf(stat: Stats): "file" | "directory" | "symlink" | null {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  return stat.isSymbolicLink() ? "symlink" : null;
}

function kindOf(stat: Stats): string {
  if (stat.isSocket()) return "socket";
  if (stat.isFIFO()) return "named pipe";
  return stat.isBlockDevice() || stat.isCharacterDevice() ? "device" : "file of an unknown kind";
}

function realPath(at: string | Buffer): string {
  try {
    return pathFromBytes(realpathSync.native(at, "buffer"));
  } catch {
    return "?"; // too long a path: its content is read through the link
  }
}
