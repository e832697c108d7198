import type { EntryInfo, LocalFile, ProblemReport } from "@lifeboat/contracts";
import type { SealState } from "@lifeboat/crypto";
import type { CodecSetup, FileStretch } from "@lifeboat/frames";
import type { TarEntry } from "../tar/header.ts";

/** What each thread is started with. */
export interface ThreadSetup {
  readonly codec: CodecSetup;
  /** `null` where the part is not encrypted. */
  readonly seal: SealState | null;
}

/** An entry's facts as they go into tar and index. */
export type PackedEntry = EntryInfo;

/** One thing that a segment is made of, in order. */
export type PackItem =
  /**
   * A whole entry without content, or with content that is at hand. A hard link
   * brings its file along: where that cannot be read, the link is left out too.
   */
  | {
      readonly kind: "entry";
      readonly entry: PackedEntry;
      readonly bytes?: Uint8Array;
      readonly local?: LocalFile | undefined;
    }
  /** A whole file that the thread reads itself. */
  | { readonly kind: "file"; readonly entry: PackedEntry; readonly local: LocalFile }
  /** The header of an entry whose content follows in pieces; it gets no row here. */
  | { readonly kind: "head"; readonly header: TarEntry }
  /** A piece of an open file. */
  | {
      readonly kind: "slice";
      readonly path: string;
      readonly fd: number;
      readonly position: number;
      readonly length: number;
      readonly pad: number;
    }
  /** A piece of content that is at hand. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array; readonly pad: number }
  /** An entry of the archive's own (metadata, index): it gets no row. */
  | { readonly kind: "own"; readonly path: string; readonly bytes: Uint8Array; readonly mtimeMs: number }
  /** The end of the tar: two blocks of zeros. */
  | { readonly kind: "end" };

/** A segment to be made: read, hashed, compressed and sealed. */
export interface PackTask {
  readonly op: "pack";
  readonly segment: number;
  readonly items: readonly PackItem[];
  /** Memory of {@link ROOM_BYTES} that nobody uses any more, for what the segment needs. */
  readonly rooms: readonly ArrayBuffer[];
}

/** A made segment. */
export interface Packed {
  /** The bytes for the storage. */
  readonly stored: Uint8Array<ArrayBuffer>;
  /** Bytes of the compressed frame. */
  readonly packed: number;
  /** Bytes that the frame expands to. */
  readonly unpacked: number;
  /** The index rows of its whole entries, as lines: those before the first piece, between each two, after the last. */
  readonly rows: readonly string[];
  /** How many entries those are, by type, and their bytes of content. */
  readonly files: number;
  readonly directories: number;
  readonly links: number;
  readonly bytes: number;
  readonly problems: readonly ProblemReport[];
  /** The content of its slices and pieces, for the digest of the entry they belong to. */
  readonly pieces: readonly Piece[];
}

/** Where a piece of a larger entry's content lies in its segment, and the bytes. */
export interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The digest of an entry's content to compare with. */
export interface ContentCheck {
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly sha256: string;
}

/** A segment to be opened and expanded. */
export interface UnpackTask {
  readonly op: "unpack";
  readonly segment: number;
  readonly stored: Uint8Array<ArrayBuffer> | FileStretch;
  /** How many bytes it must expand to. */
  readonly unpacked: number;
  /** Memory of that length for them; absent where only is wanted whether they are right. */
  readonly room?: Uint8Array<ArrayBuffer>;
  readonly checks: readonly ContentCheck[];
}

/** An opened segment. */
export interface Unpacked {
  /** The task's room, filled; absent where there was none. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
  /** The task's stored bytes, used up: their memory goes back. Absent where it had none. */
  readonly stored?: Uint8Array<ArrayBuffer>;
  /** `true` where the file could not be read so far: nothing is known of the segment then. */
  readonly unread?: boolean;
  /** The paths whose content is not what it should be. */
  readonly bad: readonly string[];
}

/** Bytes to be added to a running digest, and given back; the same thread must get all of one digest's. */
export interface DigestTask {
  readonly op: "digest";
  readonly id: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The stretch of them that counts. Default: all. */
  readonly start?: number;
  readonly end?: number;
}

/** The end of a digest. */
export interface DigestEndTask {
  readonly op: "digest-end";
  readonly id: number;
}

/** What a thread is asked. */
export type Task = PackTask | UnpackTask | DigestTask | DigestEndTask;

/** What it answers: {@link Packed}, {@link Unpacked}, the bytes given back, or a digest in hex. */
export type Result = Packed | Unpacked | Uint8Array<ArrayBuffer> | string;
