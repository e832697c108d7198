import { createHash } from "node:crypto";
import { closeSync } from "node:fs";
import type { ProblemReport } from "@lifeboat/contracts";
import { SEGMENT_OVERHEAD, type SealState, sealSegment } from "@lifeboat/crypto";
import { type Codec, copyTo, isZero, openLocal, Rooms, readInto, readWhole, unreadableProblem } from "@lifeboat/frames";
import { MAX_UNPACKED_BYTES, ROOM_BYTES } from "../limits.ts";
import { type Extent, encodeRow, type IndexRow } from "../rows.ts";
import { BLOCK, tarHeader } from "../tar/header.ts";
import { TarBuffer } from "./tar-buffer.ts";
import type { Packed, PackedEntry, PackItem, PackTask, Piece } from "./tasks.ts";

/** Files that grew since they were listed may fill their segment up to here, so that it stays within what readers take. */
const MAX_GROWN_BYTES = MAX_UNPACKED_BYTES / 2;

/** Makes segments, synchronously: reads, hashes, compresses and seals. One a thread. */
export class Packer {
  readonly #codec: Codec;
  readonly #seal: SealState | null;
  readonly #buffer: TarBuffer;
  #zeros: { length: number; frame: Uint8Array } = { length: -1, frame: new Uint8Array(0) };

  constructor(codec: Codec, seal: SealState | null, segmentBytes: number) {
    this.#codec = codec;
    this.#seal = seal;
    this.#buffer = new TarBuffer(segmentBytes + 64 * 1024);
  }

  pack(task: PackTask): Packed {
    this.#buffer.reset();
    const rooms = new Rooms(task.rooms, ROOM_BYTES);
    const content = new SegmentContent(task.segment, this.#buffer, rooms);
    for (const item of task.items) content.add(item);
    const plain = this.#buffer.content;
    const frame = this.#compress(plain);
    const seal = this.#seal;
    const room = rooms.take(frame.length + SEGMENT_OVERHEAD);
    const stored = seal === null ? copyTo(room, frame) : sealSegment(seal, task.segment, false, frame, room);
    const facts = { ...content.summary(), packed: frame.length, unpacked: plain.length };
    return { ...facts, stored: stored as Uint8Array<ArrayBuffer> };
  }

  /** Long stretches of zeros, as sparse files have them, are compressed once. */
  #compress(plain: Uint8Array): Uint8Array {
    if (!isZero(plain)) return this.#codec.compress(plain);
    if (this.#zeros.length !== plain.length) {
      this.#zeros = { length: plain.length, frame: this.#codec.compress(plain).slice() };
    }
    return this.#zeros.frame;
  }
}

/** Collects what one segment holds and what is to be said of it. */
class SegmentContent {
  readonly #segment: number;
  readonly #buffer: TarBuffer;
  readonly #rooms: Rooms;
  readonly #rows: string[] = [""];
  readonly #problems: ProblemReport[] = [];
  readonly #pieces: Piece[] = [];
  readonly #counts = { files: 0, directories: 0, links: 0, bytes: 0 };

  constructor(segment: number, buffer: TarBuffer, rooms: Rooms) {
    this.#segment = segment;
    this.#buffer = buffer;
    this.#rooms = rooms;
  }

  add(item: PackItem): void {
    switch (item.kind) {
      case "entry":
        this.#entry(item);
        break;
      case "file":
        this.#file(item);
        break;
      case "head":
        this.#buffer.append(tarHeader(item.header));
        break;
      case "slice":
        this.#slice(item);
        break;
      case "bytes":
        this.#addPiece(this.#buffer.used, item.bytes);
        this.#buffer.append(item.bytes);
        this.#buffer.take(item.pad).fill(0);
        break;
      case "own":
        this.#own(item);
        break;
      case "end":
        this.#buffer.take(2 * BLOCK).fill(0);
        break;
    }
  }

  summary() {
    return {
      ...this.#counts,
      rows: this.#rows,
      problems: this.#problems,
      pieces: this.#pieces,
    };
  }

  #entry({ entry, bytes, local }: PackItem & { kind: "entry" }): void {
    if (local !== undefined && !this.#isReadable(entry.path, local)) return;
    this.#buffer.append(tarHeader(entry));
    if (bytes !== undefined) {
      const offset = this.#buffer.used;
      this.#buffer.append(bytes);
      this.#buffer.pad(bytes.length);
      this.#count(entry, bytes, offset);
    } else {
      this.#count(entry, null, 0);
    }
  }

  #own({ path, bytes, mtimeMs }: PackItem & { kind: "own" }): void {
    this.#buffer.append(tarHeader({ path, type: "file", size: bytes.length, mode: 0o600, mtimeMs }));
    this.#buffer.append(bytes);
    this.#buffer.pad(bytes.length);
  }

  #isReadable(path: string, local: NonNullable<(PackItem & { kind: "entry" })["local"]>): boolean {
    try {
      closeSync(openLocal(local));
      return true;
    } catch (error) {
      this.#problems.push(unreadableProblem(path, error));
      return false;
    }
  }

  #file({ entry, local }: PackItem & { kind: "file" }): void {
    const buffer = this.#buffer;
    const start = buffer.used;
    const header = tarHeader(entry);
    const room = (length: number) => {
      buffer.reset(start);
      buffer.take(header.length);
      return buffer.take(length);
    };
    try {
      const read = readWhole(entry, local, Math.max(0, MAX_GROWN_BYTES - start), room);
      if (read.problem !== undefined) this.#problems.push(read.problem);
      const fresh = read.entry === entry ? header : tarHeader(read.entry);
      const content = fresh.length === header.length ? read.bytes : read.bytes.slice();
      buffer.reset(start);
      buffer.append(fresh);
      const offset = buffer.used;
      const placed = buffer.take(content.length);
      if (content !== read.bytes) placed.set(content);
      buffer.pad(content.length);
      this.#count(read.entry, placed, offset);
    } catch (error) {
      buffer.reset(start);
      this.#problems.push(unreadableProblem(entry.path, error));
    }
  }

  #slice({ path, fd, position, length, pad }: PackItem & { kind: "slice" }): void {
    const offset = this.#buffer.used;
    const into = this.#buffer.take(length);
    let filled = 0;
    try {
      filled = readInto(fd, into, position);
    } catch (error) {
      this.#problems.push({
        ...unreadableProblem(path, error),
        message: `Bytes from ${position} on could not be read and are stored as zeros.`,
      });
    }
    into.fill(0, filled);
    this.#addPiece(offset, into);
    this.#buffer.take(pad).fill(0);
  }

  #count(entry: PackedEntry, content: Uint8Array | null, offset: number): void {
    if (entry.type === "file") this.#counts.files += 1;
    else if (entry.type === "directory") this.#counts.directories += 1;
    else this.#counts.links += 1;
    this.#counts.bytes += content?.length ?? 0;
    if (entry.type !== "file") {
      this.#addRow({ info: entry });
      return;
    }
    const bytes = content ?? new Uint8Array(0);
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    const extents: Extent[] = bytes.length === 0 ? [] : [{ segment: this.#segment, offset, size: bytes.length }];
    const info = { ...entry, size: bytes.length, sha256 };
    this.#addRow(extents.length === 0 ? { info } : { info, extents });
  }

  #addRow(row: IndexRow): void {
    this.#rows[this.#rows.length - 1] += encodeRow(row);
  }

  #addPiece(offset: number, bytes: Uint8Array): void {
    this.#pieces.push({ offset, bytes: copyTo(this.#rooms.take(bytes.length), bytes) });
    this.#rows.push("");
  }
}
