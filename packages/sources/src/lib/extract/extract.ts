import { lstat, realpath } from "node:fs/promises";
import {
  LifeboatError,
  orAbort,
  type ProblemReport,
  pathFromBytes,
  type RestoredEntry,
  type RestoreMode,
} from "@lifeboat/contracts";
import { causeOf, errnoOf, reasonOf, systemError } from "../errors.ts";
import { native } from "../fs/names.ts";
import { DIRECTORY } from "../fs/path-map.ts";
import { FoldedPaths, Spellings } from "../fs/spellings.ts";
import { Batcher, type Content } from "./batcher.ts";
import { haveWritten, streamTo } from "./big-file.ts";
import { DirectoryList } from "./directories.ts";
import { EarlySync, syncFileSystem } from "./durable.ts";
import { type ExtractLimits, Guard } from "./guard.ts";
import { Lanes } from "./lanes.ts";
import { type Ownership, readOwnership } from "./ownership.ts";
import { type Place, preparePlace, type Staging } from "./place.ts";
import { MAKE } from "./protocol.ts";
import { contentOf } from "./small-file.ts";

/** How entries are extracted. */
export interface ExtractOptions {
  /** The absolute path of the directory to write to. */
  readonly root: string;
  readonly mode: RestoreMode;
  readonly operation: string;
  readonly signal: AbortSignal;
  readonly limits?: ExtractLimits | undefined;
  /** Writer threads. 0 writes on the calling thread. Default: 2. */
  readonly threads?: number | undefined;
  /** Whether all of it would survive a power failure when it resolves. Default: `true`. */
  readonly durable?: boolean | undefined;
  readonly report: (problem: ProblemReport) => void;
  /** What is in the way of an exact replacement: paths that are to go, directories after what is in them. */
  readonly extras?: (restored: Restored) => AsyncIterable<{ readonly path: string; readonly isDirectory: boolean }>;
}

/** What a restore has written. */
export interface Restored {
  has(path: string): boolean;
  /** The same paths, whatever their spelling. */
  readonly spellings: FoldedPaths;
  readonly sections: ReadonlySet<string>;
}

/** Files at least so big are streamed; smaller ones go to the writers whole. */
const BIG = 512 * 1024;
const LINKS = 4096;
/** What `rename` answers where its target has come into being. */
const TAKEN = ["ENOTEMPTY", "EEXIST", "ENOTDIR", "EISDIR"];

/**
 * Writes entries beneath a directory, never through a link and never half a file
 * under its final name. If it fails, what it made for itself is removed, and what had
 * to move aside is put back; files already replaced stay replaced.
 *
 * @throws INVALID, CORRUPT, UNSUPPORTED for an entry that no honest backup holds, with its path as `key`;
 *   NO_SPACE, PERMISSION_DENIED and the like from the system
 */
export async function extract(entries: AsyncIterable<RestoredEntry>, options: ExtractOptions): Promise<void> {
  const { signal, operation } = options;
  signal.throwIfAborted();
  const startedMs = Date.now();
  const place = await preparePlace(options.root, operation);
  const { root, fresh } = place;
  const { mode } = options;
  const threads = mode === "missing" ? Math.min(1, options.threads ?? 1) : (options.threads ?? 2);
  await using lanes = new Lanes({ root, fresh, mode: fresh ? "merge" : mode, operation }, threads, options.report);
  await using early = options.durable === false ? null : new EarlySync(root);
  try {
    for (const left of place.leftovers) await removeLeftover(lanes, left, options);
    await new Extraction(place, lanes, options, await readOwnership(options.report), early).run(entries);
    signal.throwIfAborted();
    await lanes.tell("close");
    await orAbort(early?.settled() ?? Promise.resolve(), signal); // it finds nothing where the place is renamed
    await published(place, options);
  } catch (error) {
    await undo(lanes, place, options);
    throw signal.aborted ? signal.reason : error;
  }
  if (early !== null) await makeDurable(lanes, early, startedMs, options);
}

async function published(place: Place, { root, operation }: ExtractOptions): Promise<void> {
  try {
    await place.publish();
  } catch (error) {
    if (TAKEN.includes(errnoOf(error) ?? "")) throw takenPlace(root, operation, error);
    throw systemError(error, operation, `What was restored could not be put in its place, ${root}`, root);
  }
}

function takenPlace(root: string, operation: string, cause: unknown): LifeboatError {
  return new LifeboatError({
    code: "CONFLICT",
    operation,
    key: root,
    message: `${root} was not there when the restore began, and is now.`,
    hint: "Stop what writes there, and restore again.",
    cause,
  });
}

/** Everything is in its place by now: a failure says that it may not stay there. */
async function makeDurable(
  lanes: Lanes,
  early: EarlySync,
  sinceMs: number,
  { root, signal, operation }: ExtractOptions,
): Promise<void> {
  try {
    const path = pathFromBytes(await realpath(native(root), { encoding: "buffer" }));
    if (early.failed || !(await syncFileSystem(path, signal))) await lanes.run({ kind: "sync", root: path, sinceMs });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw systemError(error, operation, `What was restored to ${root} may not all have reached the disk`, root);
  }
}

/** What an earlier restore has left is in nobody's way: that it can't be removed is only told. */
async function removeLeftover(lanes: Lanes, { parent, name }: Staging, { report }: ExtractOptions): Promise<void> {
  try {
    await lanes.run({ kind: "erase", parent, name });
  } catch (error) {
    const message = `What a killed restore left at ${parent}/${name} could not be removed: ${reasonOf(error)}.`;
    report({ code: causeOf(error), message });
  }
}

/** Takes back what can be taken back. That it cannot is a problem of its own, and never hides the first one. */
async function undo(lanes: Lanes, place: Place, { report, root }: ExtractOptions): Promise<void> {
  try {
    await lanes.tell("discard");
    if (place.staging !== null) await lanes.run({ kind: "erase", ...place.staging });
    await place.discard();
  } catch (error) {
    const message = `What the failed restore left at ${root} could not all be removed: ${reasonOf(error)}.`;
    report({ code: causeOf(error), message });
  }
}

async function isAbsent(path: string): Promise<boolean> {
  try {
    await lstat(native(path));
    return false;
  } catch (error) {
    return causeOf(error) === "NOT_FOUND"; // anything else, the writer says
  }
}

class Extraction {
  readonly #place: Place;
  readonly #lanes: Lanes;
  readonly #options: ExtractOptions;
  readonly #ownership: Ownership;
  readonly #early: EarlySync | null;
  readonly #guard: Guard;
  readonly #batcher: Batcher;
  /** For what must be done one after the other. */
  readonly #ordered: Batcher;
  readonly #directories = new DirectoryList();
  readonly #sections = new Set<string>();
  readonly #spellings = new FoldedPaths();
  /** Of which another spelling came before. */
  readonly #twins: string[] = [];
  #links: { path: string; target: string }[] = [];

  constructor(place: Place, lanes: Lanes, options: ExtractOptions, ownership: Ownership, early: EarlySync | null) {
    this.#early = early;
    this.#place = place;
    this.#lanes = lanes;
    this.#options = options;
    this.#ownership = ownership;
    this.#guard = new Guard(options.operation, options.limits ?? {});
    this.#batcher = new Batcher(lanes);
    this.#ordered = new Batcher(lanes, 0);
  }

  async run(entries: AsyncIterable<RestoredEntry>): Promise<void> {
    for await (const entry of entries) {
      this.#options.signal.throwIfAborted();
      this.#guard.check(entry);
      if (entry.section !== undefined) this.#sections.add(entry.section);
      if (!this.#place.fresh && this.#spellings.add(entry.path)) this.#twins.push(entry.path);
      const waiting = this.#take(entry);
      if (waiting !== undefined) await waiting;
    }
    await this.#link();
    await this.#reportTwins();
    await this.#removeExtras();
    await this.#lanes.tell("clear"); // before directories get their times
    await this.#dressDirectories();
  }

  /** Answers a promise only where it has to wait. */
  #take(entry: RestoredEntry): Promise<void> | undefined {
    const { path, type, target = "", size } = entry;
    if (entry.unchanged === true && (type === "file" || type === "symlink")) return; // it is there, and counts as restored
    if (type === "hardlink") return this.#takeLink(path, target);
    const dress = this.#ownership.dress(entry);
    if (type === "symlink") return this.#batcher.add(MAKE.symlink, path, dress, undefined, target);
    if (type === "directory") {
      this.#directories.add(path, dress);
      return this.#batcher.add(MAKE.directory, path, dress);
    }
    if (size >= BIG) return this.#stream(entry);
    this.#early?.wrote(size);
    const content = contentOf(entry, this.#guard, this.#options.signal);
    const add = (found: Content) => this.#batcher.add(MAKE.file, path, dress, found);
    return content instanceof Promise ? content.then(add) : add(content);
  }

  async #takeLink(path: string, target: string): Promise<void> {
    if (await this.#isDangling(target)) return this.#leaveOut(path, target);
    this.#links.push({ path, target });
    if (this.#links.length >= LINKS) await this.#link();
  }

  async #stream(entry: RestoredEntry): Promise<void> {
    const { path, size } = entry;
    const { fd = -1 } = await this.#lanes.run({ kind: "begin", path });
    if (fd < 0) return;
    const fill = entry.writeTo === undefined ? streamTo : haveWritten;
    await fill(fd, entry, this.#guard, this.#options.signal);
    await this.#lanes.run({ kind: "end", path, size, dress: this.#ownership.dress(entry) });
  }

  /** Whether neither the backup nor the place has what a hard link leads to. */
  async #isDangling(target: string): Promise<boolean> {
    if (this.#guard.paths.get(target) !== undefined) return false;
    return this.#place.fresh || (await isAbsent(`${this.#place.root}/${target}`));
  }

  #leaveOut(path: string, target: string): void {
    const message = `${path} was left out: it is a hard link to ${target}, which could not be read when this was backed up.`;
    this.#options.report({ path, code: "NOT_FOUND", message });
  }

  /** Makes hard links, now that all they can lead to is there. */
  async #link(): Promise<void> {
    await this.#settle();
    for (const { path, target } of this.#links)
      await this.#batcher.add(MAKE.hardlink, path, undefined, undefined, target);
    this.#links = [];
    await this.#settle();
  }

  async #removeExtras(): Promise<void> {
    const { mode, extras, signal } = this.#options;
    if (mode !== "replace" || this.#place.fresh || extras === undefined) return;
    const { paths } = this.#guard;
    const restored = {
      has: (path: string) => paths.get(path) !== undefined,
      spellings: this.#spellings,
      sections: this.#sections,
    };
    const directories: string[] = [];
    for await (const { path, isDirectory } of extras(restored)) {
      signal.throwIfAborted();
      if (isDirectory) directories.push(path);
      else await this.#batcher.add(MAKE.remove, path);
    }
    await this.#settle();
    for (const path of directories.reverse()) await this.#ordered.add(MAKE.removeDirectory, path);
    await this.#settle();
  }

  /** Where the place takes two names of the backup for one, the later entry has replaced the earlier. */
  async #reportTwins(): Promise<void> {
    const spellings = new Spellings(this.#place.root);
    for (const path of this.#twins) {
      if (this.#guard.paths.get(path) === DIRECTORY || !(await spellings.isOneOfSeveral(path))) continue;
      const message = `${path} has replaced an entry of another spelling, which this file system takes for the same name.`;
      this.#options.report({ path, code: "CONFLICT", message });
    }
  }

  async #dressDirectories(): Promise<void> {
    for (const { path, dress } of this.#directories.deepestFirst()) {
      this.#options.signal.throwIfAborted();
      if (!this.#lanes.kept.has(path)) await this.#ordered.add(MAKE.dress, path, dress);
    }
    await this.#settle();
  }

  async #settle(): Promise<void> {
    await this.#batcher.flush();
    await this.#ordered.flush();
    await this.#lanes.settle();
  }
}
