import { constants, type Stats } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import {
  type EntryInfo,
  hasRawBytes,
  type LocalFile,
  type ProblemReport,
  pathToBytes,
  type SourceEntry,
} from "@lifeboat/contracts";
import { packedEntry } from "./packed-entry.ts";
import { changedProblem, unreadableProblem } from "./read-file.ts";

/** A large file opened for the threads to read. */
export interface OpenFile {
  readonly handle: FileHandle;
  /** The entry's facts as the open file has them. */
  readonly facts: EntryInfo;
}

// Never through a link that took the file's place, nor waiting on a pipe that did.
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The large files of a part while threads read them. Their descriptors belong to the process, so any thread can. */
export class OpenFiles {
  readonly #opened = new Map<FileHandle, Stats>();
  readonly #closing = new Set<Promise<void>>();

  /** Opens a listed file; what stands in the way is a problem of that file alone. */
  async open(entry: SourceEntry, local: LocalFile): Promise<OpenFile | { problem: ProblemReport }> {
    let handle: FileHandle | undefined;
    try {
      handle = await open(hasRawBytes(local.path) ? Buffer.from(pathToBytes(local.path)) : local.path, FLAGS);
      const stat = await handle.stat();
      if (!stat.isFile()) throw Object.assign(new Error("It is no longer a regular file."), { code: "ENOENT" });
      this.#opened.set(handle, stat);
      return { handle, facts: { ...packedEntry(entry, stat.size), mode: stat.mode & 0o7777, mtimeMs: stat.mtimeMs } };
    } catch (error) {
      await handle?.close();
      return { problem: unreadableProblem(entry.path, error) };
    }
  }

  /** Closes a file that has been read, and reports it where it did not hold still. */
  close(handle: FileHandle, entry: EntryInfo, report: (problem: ProblemReport) => void): void {
    const before = this.#opened.get(handle);
    const closing = this.#finish(handle, before).then((steady) => {
      if (!steady) report(changedProblem(entry.path));
    });
    this.#closing.add(closing);
    closing.catch(() => undefined).finally(() => this.#closing.delete(closing)); // settled() reports it
  }

  /** Resolves when every file that was closed has been looked at for the last time. */
  async settled(): Promise<void> {
    await Promise.all(this.#closing);
  }

  async closeAll(): Promise<void> {
    await Promise.allSettled(this.#closing);
    const left = [...this.#opened.keys()];
    this.#opened.clear();
    await Promise.all(left.map((handle) => handle.close()));
  }

  async #finish(handle: FileHandle, before: Stats | undefined): Promise<boolean> {
    try {
      const after = await handle.stat();
      return before?.size === after.size && before.mtimeMs === after.mtimeMs && before.ctimeMs === after.ctimeMs;
    } finally {
      this.#opened.delete(handle);
      await handle.close();
    }
  }
}
