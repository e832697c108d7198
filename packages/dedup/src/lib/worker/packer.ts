import type { EntryInfo, ProblemReport } from "@lifeboat/contracts";
import { type Codec, readInto, readWhole, unreadableProblem } from "@lifeboat/frames";
import { StreamCutter } from "../chunk/chunk-stream.ts";
import { type Cutter, createCutter } from "../chunk/cutter.ts";
import type { Finder } from "../chunk/finder.ts";
import { WINDOW } from "../chunk/gear-table.ts";
import { openFinder } from "../chunk/open-finder.ts";
import { type CutMasks, cutMasks } from "../chunk/profile.ts";
import { chunkIds } from "../id.ts";
import { ChunkRows } from "./chunk-rows.ts";
import { type ClaimChunk, FramePacker } from "./frame-packer.ts";
import { RoomStock } from "./room-stock.ts";
import {
  type FilesTask,
  type FlushTask,
  type PackFile,
  type PackResult,
  type PackSetup,
  type ScanTask,
  STRICT,
  type StoreTask,
  type StreamTask,
  type StretchTask,
  WHOLE_FILE_BYTES,
} from "./tasks.ts";

/** A file that grew since it was listed is read up to so many bytes beyond. */
const GROWTH_BYTES = 1 << 20;

const NOTHING: Uint8Array = new Uint8Array(0);

/** Reads, cuts, names, compresses and seals, synchronously. One a thread. */
export class Packer {
  readonly #setup: PackSetup;
  readonly #data: FramePacker;
  readonly #lists: FramePacker;
  readonly #rooms = new RoomStock();
  readonly #masks: CutMasks;
  readonly #streams = new Map<number, StreamCutter>();
  #open: { readonly finder: Finder; readonly cutter: Cutter } | undefined;

  constructor(setup: PackSetup, codec: Codec, claim: ClaimChunk) {
    const { key, packBytes } = setup;
    const options = { key, codec, idOf: chunkIds(setup.idKey), claim, packBytes, rooms: this.#rooms };
    this.#setup = setup;
    this.#data = new FramePacker({ ...options, content: "data" });
    this.#lists = new FramePacker({ ...options, content: "lists" });
    this.#masks = cutMasks(setup.profile);
  }

  files({ files, rooms }: FilesTask): PackResult {
    this.#rooms.add(rooms);
    const rows = new ChunkRows();
    const changed: (readonly [number, EntryInfo])[] = [];
    const problems: ProblemReport[] = [];
    for (const [n, file] of files.entries()) {
      const from = rows.count;
      if (file.kind === "bytes") this.#cut(file.bytes, rows);
      else {
        const fresh = this.#file(file, rows, problems);
        if (fresh === null) {
          rows.leaveOut();
          continue;
        }
        if (fresh !== file.entry) changed.push([n, fresh]);
      }
      rows.endFile(from);
    }
    return this.#result(rows, changed, problems);
  }

  /** Ends that the loose mask allows, relative to `from`. */
  scan({ path, fd, from, to }: ScanTask): PackResult {
    const { finder } = this.#finder();
    const ends: number[] = [];
    const problems: ProblemReport[] = [];
    const filled = this.#read(fd, path, finder.bytes.subarray(0, to - from + WINDOW), from - WINDOW, problems);
    for (let at = WINDOW; at < filled; ) {
      const end = finder.find(at, filled, this.#masks.loose);
      if (end >= filled) break;
      const strict = finder.find(end, end + 1, this.#masks.strict) === end;
      ends.push(strict ? ((end - WINDOW) | STRICT) >>> 0 : end - WINDOW);
      at = end + 1;
    }
    const lengths = Uint32Array.from(ends);
    return { pieces: [], counts: [ends.length], lengths, ids: new Uint8Array(0), changed: [], problems };
  }

  stretch({ path, fd, position, lengths, rooms }: StretchTask): PackResult {
    this.#rooms.add(rooms);
    const rows = new ChunkRows();
    const problems: ProblemReport[] = [];
    let at = position;
    for (const length of lengths) {
      const found = this.#data.fill(length, (room) => {
        room.fill(0, this.#read(fd, path, room, at, problems));
        return length;
      });
      if (found !== null) rows.add(length, found.id);
      at += length;
    }
    rows.endFile(0);
    return this.#result(rows, [], problems);
  }

  stream({ stream, bytes, last, rooms }: StreamTask): PackResult {
    this.#rooms.add(rooms);
    const { gear, profile } = this.#setup;
    const cutter = this.#streams.get(stream) ?? new StreamCutter(profile, openFinder(gear, 2 * profile.max));
    this.#streams.set(stream, cutter);
    const rows = new ChunkRows();
    for (const chunk of cutter.push(bytes)) rows.add(chunk.length, this.#data.add(chunk));
    if (last) {
      for (const chunk of cutter.end()) rows.add(chunk.length, this.#data.add(chunk));
      this.#streams.delete(stream);
    }
    rows.endFile(0);
    return this.#result(rows, [], []);
  }

  store({ chunks, rooms }: StoreTask): PackResult {
    this.#rooms.add(rooms);
    const rows = new ChunkRows();
    for (const chunk of chunks) rows.add(chunk.length, this.#lists.add(chunk));
    rows.endFile(0);
    return this.#result(rows, [], []);
  }

  flush({ packs, rooms }: FlushTask): PackResult {
    this.#rooms.add(rooms);
    for (const packer of [this.#data, this.#lists]) packer.flush(packs);
    return this.#result(new ChunkRows(), [], []);
  }

  #finder() {
    if (this.#open === undefined) {
      const { gear, profile } = this.#setup;
      const finder = openFinder(gear, Math.max(WHOLE_FILE_BYTES + GROWTH_BYTES, 2 * profile.max) + WINDOW);
      this.#open = { finder, cutter: createCutter(profile, finder) };
    }
    return this.#open;
  }

  /**
   * A file that fits the finder's memory; `null` where it can't be read. Up to the average size it is one chunk,
   * and read to where that goes.
   */
  #file({ entry, local }: PackFile & { kind: "local" }, rows: ChunkRows, problems: ProblemReport[]): EntryInfo | null {
    const { average } = this.#setup.profile;
    let fresh: EntryInfo | null = null;
    const readTo = (room: (length: number) => Uint8Array): Uint8Array => {
      try {
        const read = readWhole(entry, local, GROWTH_BYTES, room);
        if (read.problem !== undefined) problems.push(read.problem);
        fresh = read.entry;
        return read.bytes;
      } catch (error) {
        problems.push(unreadableProblem(entry.path, error));
        return NOTHING;
      }
    };
    if (entry.size > average) {
      const { finder } = this.#finder();
      this.#cutHeld(readTo((length) => finder.bytes.subarray(0, length)).length, rows);
      return fresh;
    }
    let grown = NOTHING;
    const found = this.#data.fill(average, (room) => {
      const bytes = readTo((length) => (length <= average ? room.subarray(0, length) : new Uint8Array(length)));
      if (bytes.length <= average) return bytes.length;
      grown = bytes;
      return 0;
    });
    if (found !== null) rows.add(found.length, found.id);
    this.#cut(grown, rows);
    return fresh;
  }

  #cut(bytes: Uint8Array, rows: ChunkRows): void {
    if (bytes.length === 0) return;
    if (bytes.length <= this.#setup.profile.average) {
      rows.add(bytes.length, this.#data.add(bytes));
      return;
    }
    this.#finder().finder.bytes.set(bytes);
    this.#cutHeld(bytes.length, rows);
  }

  /** Cuts what lies at the beginning of the finder's memory. */
  #cutHeld(length: number, rows: ChunkRows): void {
    const { finder, cutter } = this.#finder();
    for (let start = 0; start < length; ) {
      const end = cutter.cut(start, length, start === 0, true);
      rows.add(end - start, this.#data.add(finder.bytes.subarray(start, end)));
      start = end;
    }
  }

  /** Fills `into`, and answers how many bytes there were; what cannot be read is told. */
  #read(fd: number, path: string, into: Uint8Array, position: number, problems: ProblemReport[]): number {
    try {
      return readInto(fd, into, position);
    } catch (error) {
      if (problems.length > 0) return 0; // it was told already
      const message = `Bytes from ${position} on could not be read and are stored as zeros.`;
      problems.push({ ...unreadableProblem(path, error), message });
      return 0;
    }
  }

  #result(rows: ChunkRows, changed: PackResult["changed"], problems: readonly ProblemReport[]): PackResult {
    const pieces = [...this.#data.take(), ...this.#lists.take()];
    return { pieces, ...rows.columns(), changed, problems };
  }
}
