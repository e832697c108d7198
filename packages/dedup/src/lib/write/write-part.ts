import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type EntryCounts,
  interruptible,
  type LocalFile,
  type PartOptions,
  type ProblemReport,
  type SourceEntry,
} from "@lifeboat/contracts";
import { OpenFiles, packedEntry, startBody } from "@lifeboat/frames";
import type { ChunkProfile } from "../chunk/profile.ts";
import { type Body, EMPTY_BODY } from "../list/refs.ts";
import { FRAME_BYTES } from "../pack/limits.ts";
import { WHOLE_FILE_BYTES } from "../worker/tasks.ts";
import { storeLargeFile } from "./large-file.ts";
import { ListWriter, type StoreChunk } from "./list-writer.ts";
import type { PackLine } from "./pack-line.ts";
import type { PreviousRow } from "./previous.ts";
import type { PreviousList } from "./previous-list.ts";
import { RowBatch } from "./row-batch.ts";
import { RowQueue, type RowSlot } from "./row-queue.ts";
import { isSameRow, isUnchanged, rowOf } from "./rows.ts";
import { storeStream } from "./stream-body.ts";
import type { ContentTools } from "./tools.ts";

/** What a part is written with. */
export interface PartTools {
  /** Threads, uploads and the index behind them: got when the first chunk has to be looked up. */
  readonly line: () => Promise<PackLine>;
  /** The list of the source in the backup before, where there is one. */
  readonly previous: PreviousList | null;
  readonly gear: Uint32Array;
  readonly profile: ChunkProfile;
  /** Milliseconds since 1970. */
  readonly now: () => number;
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

/** After so many milliseconds the host gets its turn. */
const TURN_MS = 5;
/** So many large files are on their way at once: while the last stretch of one is stored, the next is searched. */
const LARGE_FILES = 2;

/** Writes one source's part: stores its content, and makes its list, in the order in which entries come. */
export class PartWriter {
  readonly #tools: PartTools;
  readonly #options: PartOptions;
  readonly #rows: RowQueue;
  readonly #files = new OpenFiles();
  readonly #large = new Set<Promise<unknown>>();
  #batch = new RowBatch();
  #line: PackLine | null = null;
  #storedBefore = 0;
  #done = 0;
  #streams = 0;
  #problems = 0;

  constructor(tools: PartTools, options: PartOptions) {
    this.#tools = tools;
    this.#options = options;
    const list = new ListWriter(tools.gear, this.#store, tools.previous?.takeOver ?? null);
    this.#rows = new RowQueue(list, this.#report);
  }

  async write(entries: AsyncIterable<SourceEntry>): Promise<WrittenPart> {
    try {
      let turn = performance.now();
      for await (const entry of entries) {
        this.#tools.signal.throwIfAborted();
        if (performance.now() - turn > TURN_MS) {
          await nextTurn();
          turn = performance.now();
        }
        const added = this.#add(entry);
        if (added !== undefined) await added;
      }
      await this.#endBatch();
      const root = await this.#rows.end();
      await this.#files.settled();
      await this.#line?.flush(false);
      this.#progress();
      const { counts, size } = this.#rows;
      return { root, counts, size, storedSize: this.#storedBytes, problemCount: this.#problems };
    } finally {
      await Promise.allSettled(this.#large); // threads must not be reading any more
      await this.#files.closeAll();
    }
  }

  #add(entry: SourceEntry): Promise<void> | undefined {
    const found = this.#tools.previous?.rows.find(entry.path) ?? null;
    if (found instanceof Promise) return found.then((row) => this.#addBeside(entry, row));
    return this.#addBeside(entry, found);
  }

  /** Takes over what the previous list tells of an entry, or stores it. */
  #addBeside(entry: SourceEntry, found: PreviousRow | null): Promise<void> | undefined {
    const { previous } = this.#tools;
    if (entry.type !== "file") return this.#addRow(entry, EMPTY_BODY, found);
    if (found === null || previous === null || !isUnchanged(entry, found.row)) return this.#addFile(entry);
    const { body } = found.row;
    const reliable = previous.isReliable(body);
    if (reliable === true) return this.#addRow(entry, body, found);
    if (reliable === false) return this.#addFile(entry);
    return reliable.then((so) => (so ? this.#addRow(entry, body, found) : this.#addFile(entry)));
  }

  /** Adds an entry whose content is known. */
  #addRow(entry: SourceEntry, body: Body, found: PreviousRow | null): Promise<void> | undefined {
    if (entry.type === "file") this.#done += entry.size ?? 0;
    const takesOver = found !== null && this.#tools.previous?.takeOver != null && isSameRow(entry, found.row);
    if (takesOver) this.#batch.addRow(found.row, found);
    else this.#batch.addRow(rowOf(packedEntry(entry), entry.local, Number.POSITIVE_INFINITY, body), null);
    return this.#batch.isFull ? this.#endBatch() : undefined;
  }

  #addFile(entry: SourceEntry): Promise<void> | undefined {
    const { local, size } = entry;
    if (local === undefined || size === undefined) return this.#addBody(entry);
    if (size > WHOLE_FILE_BYTES) return this.#addLarge(entry, local);
    const facts = packedEntry(entry);
    this.#batch.addFile(rowOf(facts, local, this.#tools.now()), { kind: "local", entry: facts, local }, size);
    return this.#batch.isFull ? this.#endBatch() : undefined;
  }

  /** A large local file: opened here once, read by the threads. */
  async #addLarge(entry: SourceEntry, local: LocalFile): Promise<void> {
    const now = this.#tools.now();
    const file = await this.#files.open(entry, local);
    if ("problem" in file) return this.#leaveOut(file.problem);
    const { handle, facts } = file;
    if (facts.size <= WHOLE_FILE_BYTES) {
      this.#files.close(handle, facts, this.#report); // it shrank: a thread can take it whole
      this.#batch.addFile(rowOf(facts, local, now), { kind: "local", entry: facts, local }, facts.size);
      return this.#endBatch();
    }
    await this.#endBatch();
    while (this.#large.size >= LARGE_FILES) await Promise.race(this.#large);
    const tools = await this.#content();
    const stored = storeLargeFile(tools, { path: facts.path, fd: handle.fd, size: facts.size });
    this.#large.add(stored);
    const settled = () => this.#large.delete(stored);
    stored.then(settled, settled); // the row reports how it went
    const rows = stored.then((body) => {
      this.#files.close(handle, facts, this.#report);
      return [{ row: rowOf(facts, local, now, body), same: null }];
    });
    await this.#addSlot(rows);
  }

  /** Content from the source's own stream. */
  async #addBody(entry: SourceEntry): Promise<void> {
    const { signal, now } = this.#tools;
    const body: SourceEntry = {
      ...entry,
      open: (options) => interruptible(entry.open?.(options) ?? nothing(), signal),
    };
    const start = await startBody(body, FRAME_BYTES, signal);
    if (start.kind === "unreadable") return this.#leaveOut(start.problem);
    if (start.kind === "whole") {
      const { bytes } = start;
      this.#checkSize(entry, bytes.length);
      const row = rowOf(packedEntry(entry, bytes.length), undefined, now());
      this.#batch.addFile(row, { kind: "bytes", bytes }, bytes.length);
      return this.#batch.isFull ? this.#endBatch() : undefined;
    }
    await this.#endBatch();
    const stored = await storeStream(await this.#content(), start, this.#streams++);
    this.#checkSize(entry, stored.size);
    const row = rowOf(packedEntry(entry, stored.size), undefined, now(), stored.body);
    await this.#addSlot(Promise.resolve([{ row, same: null }]));
  }

  async #endBatch(): Promise<void> {
    const batch = this.#batch;
    if (batch.isEmpty) return;
    this.#batch = new RowBatch();
    if (batch.files.length === 0) return this.#addSlot(Promise.resolve(batch.rows));
    const { line } = await this.#content();
    const { done } = await line.start({ op: "files", files: batch.files });
    const rows = done.then(async (result) => {
      for (const problem of result.problems) this.#report(problem);
      const { bytes, leftOut } = await batch.fill(result, this.#store);
      for (const path of leftOut) this.#rows.leaveOut(path);
      this.#advance(bytes);
      return batch.rows;
    });
    await this.#addSlot(rows);
  }

  async #addSlot(slot: RowSlot): Promise<void> {
    await this.#rows.add(slot, this.#line?.capacity ?? 0);
    this.#progress();
  }

  async #content(): Promise<ContentTools> {
    if (this.#line === null) {
      const line = await this.#tools.line();
      if (this.#line === null) this.#storedBefore = line.uploads.storedBytes;
      this.#line ??= line;
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
    if (problem.path !== undefined) this.#rows.trouble(problem.path);
    this.#options.onProblem?.(problem);
  };

  readonly #advance = (bytes: number): void => {
    this.#done += bytes;
    this.#progress();
  };

  #leaveOut(problem: ProblemReport): void {
    if (problem.path !== undefined) this.#rows.leaveOut(problem.path);
    this.#report(problem);
  }

  #progress(): void {
    const { entries } = this.#rows;
    this.#options.onProgress?.({ entries, bytes: this.#done, storedBytes: this.#storedBytes });
  }

  /** Bytes of packs that this part has made so far. */
  get #storedBytes(): number {
    return (this.#line?.uploads.storedBytes ?? 0) - this.#storedBefore;
  }

  #checkSize({ path, size }: SourceEntry, found: number): void {
    if (size === undefined || size === found) return;
    this.#report({ path, code: "changed", message: `Expected ${size} bytes of content, found ${found}.` });
  }
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
