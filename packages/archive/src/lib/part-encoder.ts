import type { LocalFile, PartOptions, ProblemReport, SourceEntry } from "@lifeboat/contracts";
import { type SealState, sealSegment, sealTrailer } from "@lifeboat/crypto";
import { type BodyStart, type CodecName, cut, OpenFiles, ownBytes, packedEntry, startBody } from "@lifeboat/frames";
import type { LargeEntry } from "./large-entry.ts";
import { INDEX_BYTES, OWN_FOLDER, PIECE_BYTES, SEGMENT_BYTES } from "./limits.ts";
import { type PartThreads, SegmentLine } from "./segment-line.ts";
import { CONTENT, type PieceOwner, SegmentPlanner } from "./segment-plan.ts";
import { wrapTable } from "./table.ts";
import { BLOCK, headerBound, padding, type TarEntry } from "./tar/header.ts";
import type { PackedEntry, PackItem } from "./worker/tasks.ts";

/** What a part is written with. */
export interface PartSetup {
  readonly codec: CodecName;
  /** The sealed object's header and key, `null` where the part is not encrypted. */
  readonly sealing: { readonly header: Uint8Array; readonly state: SealState } | null;
  readonly threads: PartThreads;
  /** The content of `.lifeboat/metadata.json`. */
  readonly metadata: Uint8Array;
  readonly startedMs: number;
}

/**
 * Turns entries into the bytes of a part. Iterate {@link bytes} to its end; then
 * {@link line} knows what the part holds.
 */
export class PartEncoder {
  readonly line: SegmentLine;
  readonly #setup: PartSetup;
  readonly #signal: AbortSignal | undefined;
  readonly #report: (problem: ProblemReport) => void;
  readonly #planner = new SegmentPlanner();
  readonly #files = new OpenFiles();

  constructor(setup: PartSetup, report: (problem: ProblemReport) => void, { signal }: PartOptions) {
    this.#setup = setup;
    this.#signal = signal;
    this.#report = report;
    this.line = new SegmentLine(setup.threads, report, signal);
  }

  /** The part from its first byte to its last, made as it is asked for. */
  async *bytes(entries: AsyncIterable<SourceEntry>): AsyncGenerator<Uint8Array> {
    const { sealing, metadata } = this.#setup;
    if (sealing !== null) yield await this.line.digest(sealing.header.slice());
    this.#addOwn("metadata.json", metadata);
    this.#flush(CONTENT.metadata);
    for await (const entry of entries) {
      this.#signal?.throwIfAborted();
      if (!this.#addSmall(entry)) yield* this.#addOpened(entry);
      while (this.line.underWay >= this.line.capacity) yield* this.#next();
      if (this.line.index.bytes >= INDEX_BYTES) await this.#flushIndex();
    }
    this.#flush();
    while (this.line.underWay > 0) yield* this.#next();
    if (this.line.index.bytes > 0) await this.#flushIndex();
    this.#planner.add({ kind: "end" }, 0);
    this.#flush(CONTENT.end);
    while (this.line.underWay > 0) yield* this.#next();
    await this.#files.settled();
    yield* this.#end();
  }

  /** Closes what is open, however it ended. Threads must not be reading any more. */
  async close(): Promise<void> {
    await this.#files.closeAll();
  }

  /** Plans an entry whose content fits a segment; `false` for one that has to be opened first. */
  #addSmall(entry: SourceEntry): boolean {
    const facts = packedEntry(entry);
    if (entry.type !== "file") {
      this.#addWhole({ kind: "entry", entry: facts, local: entry.type === "hardlink" ? entry.local : undefined }, 0);
      return true;
    }
    if (entry.size === 0 && entry.local === undefined && entry.open === undefined) {
      this.#addWhole({ kind: "entry", entry: facts, bytes: new Uint8Array(0) }, 0);
      return true;
    }
    if (entry.local === undefined || entry.size === undefined || entry.size > SEGMENT_BYTES) return false;
    this.#addWhole({ kind: "file", entry: facts, local: entry.local }, entry.size);
    return true;
  }

  #addWhole(item: PackItem & { entry: PackedEntry }, content: number): void {
    const bytes = headerBound(item.entry) + content + BLOCK;
    if (this.#planner.isFull(bytes)) this.#flush();
    this.#planner.add(item, bytes);
  }

  #addHead(header: TarEntry): void {
    const bytes = headerBound(header);
    if (this.#planner.isFull(bytes)) this.#flush();
    this.#planner.add({ kind: "head", header }, bytes);
  }

  async *#addOpened(entry: SourceEntry): AsyncGenerator<Uint8Array> {
    if (entry.local !== undefined) yield* this.#addLocal(entry, entry.local);
    else if (entry.size === undefined) yield* this.#addUnsized(entry);
    else yield* this.#addSized(entry, entry.size);
  }

  /** A large local file: opened here once, read by the threads. */
  async *#addLocal(entry: SourceEntry, local: LocalFile): AsyncGenerator<Uint8Array> {
    const file = await this.#files.open(entry, local);
    if ("problem" in file) return this.#report(file.problem);
    const { handle, facts } = file;
    if (facts.size <= SEGMENT_BYTES) {
      this.#files.close(handle, facts, this.#report); // it shrank: the threads can take it whole
      return this.#addWhole({ kind: "file", entry: facts, local }, facts.size);
    }
    const large = this.#newLarge(facts, () => this.#files.close(handle, facts, this.#report));
    this.#addHead(facts);
    for (let position = 0; position < facts.size; position += SEGMENT_BYTES) {
      const length = Math.min(SEGMENT_BYTES, facts.size - position);
      const last = position + length === facts.size;
      const pad = last ? padding(facts.size) : 0;
      const slice = { kind: "slice", path: facts.path, fd: handle.fd, position, length, pad } as const;
      yield* this.#addPiece(slice, length, { entry: large, first: position === 0, last });
    }
  }

  /** Content from the source's own stream, its size known. */
  async *#addSized(entry: SourceEntry, size: number): AsyncGenerator<Uint8Array> {
    const start = await startBody(entry, SEGMENT_BYTES, this.#signal);
    if (start.kind === "unreadable") return this.#report(start.problem);
    if (start.kind === "whole") {
      if (start.bytes.length !== size) this.#reportSize(entry, size, start.bytes.length);
      return this.#addWhole(
        { kind: "entry", entry: packedEntry(entry, start.bytes.length), bytes: start.bytes },
        start.bytes.length,
      );
    }
    const large = this.#newLarge(packedEntry(entry, size));
    this.#addHead(large.entry);
    let found = 0;
    for await (const piece of allPieces(start)) {
      const bytes = piece.subarray(0, Math.max(0, size - found));
      found += piece.length;
      if (bytes.length > 0) yield* this.#addBytes(large, bytes, found - piece.length, size);
      if (found > size) break;
    }
    for (let at = found; at < size; at += SEGMENT_BYTES) {
      yield* this.#addBytes(large, new Uint8Array(Math.min(SEGMENT_BYTES, size - at)), at, size);
    }
    if (found !== size) this.#reportSize(entry, size, found);
  }

  /** Content whose size shows only at its end: tar entries of {@link PIECE_BYTES} each. */
  async *#addUnsized(entry: SourceEntry): AsyncGenerator<Uint8Array> {
    const start = await startBody(entry, PIECE_BYTES, this.#signal);
    if (start.kind === "unreadable") return this.#report(start.problem);
    if (start.kind === "whole" && start.bytes.length <= SEGMENT_BYTES) {
      return this.#addWhole(
        { kind: "entry", entry: packedEntry(entry, start.bytes.length), bytes: start.bytes },
        start.bytes.length,
      );
    }
    const large = this.#newLarge(packedEntry(entry));
    if (start.kind === "whole") return yield* this.#addTarEntry(large, entry.path, start.bytes, true);
    let number = 0;
    let held: Uint8Array | null = null;
    for await (const piece of allPieces(start)) {
      if (held !== null) yield* this.#addTarEntry(large, pieceName(entry.path, ++number), held, false);
      held = piece;
    }
    if (held !== null) yield* this.#addTarEntry(large, pieceName(entry.path, ++number), held, true);
  }

  async *#addTarEntry(large: LargeEntry, path: string, bytes: Uint8Array, last: boolean): AsyncGenerator<Uint8Array> {
    this.#addHead({ ...large.entry, path, size: bytes.length });
    const parts = cut(bytes, SEGMENT_BYTES);
    for (const [n, part] of parts.entries()) {
      const end = n === parts.length - 1;
      const item = { kind: "bytes", bytes: part, pad: end ? padding(bytes.length) : 0 } as const;
      yield* this.#addPiece(item, part.length, { entry: large, first: n === 0, last: last && end });
    }
  }

  async *#addBytes(large: LargeEntry, bytes: Uint8Array, at: number, size: number): AsyncGenerator<Uint8Array> {
    const last = at + bytes.length === size;
    const item = { kind: "bytes", bytes, pad: last ? padding(size) : 0 } as const;
    yield* this.#addPiece(item, bytes.length, { entry: large, first: at === 0, last });
  }

  async *#addPiece(item: PackItem, length: number, owner: PieceOwner): AsyncGenerator<Uint8Array> {
    this.#signal?.throwIfAborted();
    if (this.#planner.isFull(length + BLOCK)) this.#flush();
    while (this.line.underWay >= this.line.capacity) yield* this.#next();
    this.#planner.add(item, length + BLOCK, owner);
  }

  #newLarge(entry: PackedEntry, done: () => void = () => undefined): LargeEntry {
    return { entry, digest: this.line.newDigest(), extents: [], done };
  }

  #addOwn(name: string, bytes: Uint8Array): void {
    const path = `${OWN_FOLDER}/${name}`;
    this.#planner.add({ kind: "own", path, bytes, mtimeMs: this.#setup.startedMs }, bytes.length);
  }

  /** Everything that is known so far of what is in the part, as a segment of its own. */
  async #flushIndex(): Promise<void> {
    this.#flush();
    for (const rows of await this.line.index.take()) {
      this.#addOwn(`index/${String(this.#indexes++).padStart(6, "0")}`, rows);
      this.#flush(CONTENT.index);
    }
  }

  #indexes = 0;

  #flush(content: number = CONTENT.data): void {
    if (!this.#planner.isEmpty) this.line.push(this.#planner.take(content));
  }

  async *#next(): AsyncGenerator<Uint8Array> {
    const bytes = await this.line.shift();
    if (bytes === undefined) return;
    yield bytes;
    this.line.recycle(bytes); // a storage has used a piece up when it asks for the next
  }

  async *#end(): AsyncGenerator<Uint8Array> {
    const { codec, sealing } = this.#setup;
    const { table } = this.line;
    const frame = wrapTable(
      codec,
      table,
      table.reduce((sum, row) => sum + row.length, 0),
    );
    if (sealing === null) return yield await this.line.digest(ownBytes(frame));
    const offset = this.line.storedBytes;
    yield await this.line.digest(ownBytes(sealSegment(sealing.state, table.length, true, frame)));
    yield await this.line.digest(ownBytes(sealTrailer(offset, table.length)));
  }

  #reportSize(entry: SourceEntry, expected: number, found: number): void {
    const message = `Expected ${expected} bytes of content, found ${found > expected ? "more" : found}.`;
    this.#report({ path: entry.path, code: "changed", message });
  }
}

async function* allPieces(start: BodyStart & { kind: "more" }): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  try {
    yield start.first;
    for (let next = await start.rest.next(); next.done !== true; next = await start.rest.next()) yield next.value;
  } finally {
    await start.rest.return(undefined);
  }
}

/** The tar entry of one piece: `cat dump.sql.lifeboat-*` puts them together again. */
function pieceName(path: string, number: number): string {
  return `${path}.lifeboat-${String(number).padStart(6, "0")}`;
}
