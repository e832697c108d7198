import {
  type EntryCounts,
  interruptible,
  type PartOptions,
  type ProblemReport,
  type SourceEntry,
} from "@lifeboat/contracts";
import { OpenFiles, packedEntry, startBody } from "@lifeboat/frames";
import type { ChunkProfile } from "../chunk/profile.ts";
import type { Body } from "../list/refs.ts";
import type { ListRow } from "../list/row.ts";
import { FRAME_BYTES } from "../pack/limits.ts";
import { WHOLE_FILE_BYTES } from "../worker/tasks.ts";
import { storeLargeFile } from "./large-file.ts";
import { ListWriter, type StoreChunk } from "./list-writer.ts";
import type { PackLine } from "./pack-line.ts";
import { RowBatch } from "./row-batch.ts";
import { rowOf } from "./rows.ts";
import { storeStream } from "./stream-body.ts";
import type { ContentTools } from "./tools.ts";

/** What a part is written with. */
export interface PartTools {
  /** Threads, uploads and the index behind them: got when the first chunk has to be looked up. */
  readonly line: () => Promise<PackLine>;
  readonly gear: Uint32Array;
  readonly profile: ChunkProfile;
  readonly signal: AbortSignal;
}

/** What a part came to. */
export interface WrittenPart {
  readonly root: Body;
  readonly counts: EntryCounts;
  /** Bytes of content. */
  readonly size: number;
  /** Bytes added to the site. */
  readonly storedSize: number;
  readonly problemCount: number;
}

/** A row, or what is said of one that was left out. */
type Slot = Promise<readonly (ListRow | null)[]>;

/** So many slots wait for their turn, at most, beyond what threads have in hand. */
const SLOTS = 8;
/** So many large files are on their way at once: while the last stretch of one is stored, the next is searched. */
const LARGE_FILES = 2;

/** Writes one source's part: stores its content, and makes its list, in the order in which entries come. */
export class PartWriter {
  readonly #tools: PartTools;
  readonly #options: PartOptions;
  readonly #list: ListWriter;
  readonly #files = new OpenFiles();
  readonly #large = new Set<Promise<unknown>>();
  readonly #slots: Slot[] = [];
  readonly #leftOut = new Set<string>();
  readonly #counts = { files: 0, directories: 0, links: 0 };
  #batch = new RowBatch();
  #line: PackLine | null = null;
  #size = 0;
  #done = 0;
  #entries = 0;
  #streams = 0;
  #problems = 0;
  #storedBefore: number | null = null;

  constructor(tools: PartTools, options: PartOptions) {
    this.#tools = tools;
    this.#options = options;
    this.#list = new ListWriter(tools.gear, this.#store);
  }

  async write(entries: AsyncIterable<SourceEntry>): Promise<WrittenPart> {
    try {
      for await (const entry of entries) {
        this.#tools.signal.throwIfAborted();
        const added = this.#add(entry);
        if (added !== undefined) await added;
      }
      await this.#endBatch();
      while (this.#slots.length > 0) await this.#emit();
      await this.#files.settled();
      const root = await this.#list.end();
      await this.#line?.flush(false);
      const storedSize = this.#storedBytes;
      return { root, counts: this.#counts, size: this.#size, storedSize, problemCount: this.#problems };
    } finally {
      await Promise.allSettled(this.#large); // threads must not be reading any more
      await this.#files.closeAll();
    }
  }

  #add(entry: SourceEntry): Promise<void> | undefined {
    const { type, local, size } = entry;
    if (type !== "file") return this.#addRow(rowOf(packedEntry(entry), local));
    if (local !== undefined && size !== undefined) {
      if (size > WHOLE_FILE_BYTES) return this.#addLarge(entry);
      const facts = packedEntry(entry);
      this.#batch.addFile(rowOf(facts, local), { kind: "local", entry: facts, local }, size);
      return this.#batch.isFull ? this.#endBatch() : undefined;
    }
    return this.#addBody(entry);
  }

  #addRow(row: ListRow): Promise<void> | undefined {
    this.#batch.addRow(row);
    return this.#batch.isFull ? this.#endBatch() : undefined;
  }

  /** A large local file: opened here once, read by the threads. */
  async #addLarge(entry: SourceEntry): Promise<void> {
    const { local } = entry;
    if (local === undefined) return;
    const file = await this.#files.open(entry, local);
    if ("problem" in file) return this.#leaveOut(file.problem);
    const { handle, facts } = file;
    if (facts.size <= WHOLE_FILE_BYTES) {
      this.#files.close(handle, facts, this.#report); // it shrank: a thread can take it whole
      this.#batch.addFile(rowOf(facts, local), { kind: "local", entry: facts, local }, facts.size);
      return this.#endBatch();
    }
    await this.#endBatch();
    while (this.#large.size >= LARGE_FILES) await Promise.race(this.#large);
    const tools = await this.#content();
    const stored = storeLargeFile(tools, { path: facts.path, fd: handle.fd, size: facts.size });
    const row = stored.then((body) => {
      this.#files.close(handle, facts, this.#report);
      return [rowOf(facts, local, body)];
    });
    await this.#addSlot(row, true);
  }

  /** Content from the source's own stream. */
  async #addBody(entry: SourceEntry): Promise<void> {
    const { signal } = this.#tools;
    const body: SourceEntry = {
      ...entry,
      open: (options) => interruptible(entry.open?.(options) ?? nothing(), signal),
    };
    const start = await startBody(body, FRAME_BYTES, signal);
    if (start.kind === "unreadable") return this.#leaveOut(start.problem);
    if (start.kind === "whole") {
      const { bytes } = start;
      this.#checkSize(entry, bytes.length);
      const facts = packedEntry(entry, bytes.length);
      this.#batch.addFile(rowOf(facts, undefined), { kind: "bytes", bytes }, bytes.length);
      return this.#batch.isFull ? this.#endBatch() : undefined;
    }
    await this.#endBatch();
    const stored = await storeStream(await this.#content(), start, this.#streams++);
    this.#checkSize(entry, stored.size);
    await this.#addSlot(Promise.resolve([rowOf(packedEntry(entry, stored.size), undefined, stored.body)]), false);
  }

  async #endBatch(): Promise<void> {
    const batch = this.#batch;
    if (batch.isEmpty) return;
    this.#batch = new RowBatch();
    if (batch.files.length === 0) return this.#addSlot(Promise.resolve(batch.rows), false);
    const { line } = await this.#content();
    const { done } = await line.start({ op: "files", files: batch.files });
    const rows = done.then(async (result) => {
      for (const problem of result.problems) {
        this.#report(problem);
      }
      const filled = await batch.fill(result, this.#store);
      this.#advance(filled.bytes);
      for (const path of filled.leftOut) this.#leftOut.add(path);
      return filled.rows;
    });
    await this.#addSlot(rows, false);
  }

  async #addSlot(slot: Slot, large: boolean): Promise<void> {
    slot.catch(() => undefined); // #emit() reports it
    if (large) {
      const settled = slot.then(
        () => undefined,
        () => undefined, // #emit() reports it
      );
      this.#large.add(settled);
      void settled.then(() => this.#large.delete(settled));
    }
    this.#slots.push(slot);
    while (this.#slots.length > SLOTS + (this.#line?.capacity ?? 0)) await this.#emit();
  }

  /** Lists the rows whose turn it is. */
  async #emit(): Promise<void> {
    for (const row of (await this.#slots.shift()) ?? []) {
      if (row === null) continue;
      if (row.type === "hardlink" && row.target !== undefined && this.#leftOut.has(row.target)) {
        const message = "The file that it is a hard link to could not be read.";
        this.#leaveOut({ path: row.path, code: "NOT_FOUND", message });
        continue;
      }
      this.#count(row);
      const ended = this.#list.add(row);
      if (ended !== undefined) await ended;
    }
    this.#progress();
  }

  #count({ type, size }: ListRow): void {
    if (type === "file") this.#counts.files += 1;
    else if (type === "directory") this.#counts.directories += 1;
    else this.#counts.links += 1;
    this.#size += size;
    this.#entries += 1;
  }

  async #content(): Promise<ContentTools> {
    if (this.#line === null) {
      const line = await this.#tools.line();
      this.#line ??= line;
      this.#storedBefore ??= line.uploads.storedBytes;
    }
    const { profile, signal } = this.#tools;
    return { line: this.#line, profile, signal, store: this.#store, report: this.#report, advance: this.#advance };
  }

  readonly #store: StoreChunk = async (chunk) => {
    const { line } = await this.#content();
    const transfer = chunk.buffer instanceof ArrayBuffer ? [chunk.buffer] : [];
    return (await line.run({ op: "store", chunks: [chunk] }, { thread: 0, transfer })).ids;
  };

  readonly #report = (problem: ProblemReport): void => {
    this.#problems += 1;
    this.#options.onProblem?.(problem);
  };

  readonly #advance = (bytes: number): void => {
    this.#done += bytes;
    this.#progress();
  };

  #leaveOut(problem: ProblemReport): void {
    if (problem.path !== undefined) this.#leftOut.add(problem.path);
    this.#report(problem);
  }

  #progress(): void {
    this.#options.onProgress?.({ entries: this.#entries, bytes: this.#done, storedBytes: this.#storedBytes });
  }

  /** Bytes of packs that this part has made so far. */
  get #storedBytes(): number {
    return (this.#line?.uploads.storedBytes ?? 0) - (this.#storedBefore ?? 0);
  }

  #checkSize({ path, size }: SourceEntry, found: number): void {
    if (size === undefined || size === found) return;
    this.#report({ path, code: "changed", message: `Expected ${size} bytes of content, found ${found}.` });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
