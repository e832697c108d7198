import type { EntryInfo, LocalFile, ProblemReport } from "@lifeboat/contracts";
import type { CodecSetup } from "@lifeboat/frames";
import type { ChunkProfile } from "../chunk/profile.ts";
import type { SharedTables } from "../index/chunk-tables.ts";
import type { PackContent } from "../pack/layout.ts";
import type { FinishedPack } from "../pack/pack-builder.ts";
import type { SealingKey } from "../site-key.ts";

/** What each thread that packs is started with. */
export interface PackSetup {
  readonly key: SealingKey;
  /** The subkey `chunk-id`. */
  readonly idKey: Uint8Array;
  /** The gear table. */
  readonly gear: Uint32Array;
  readonly profile: ChunkProfile;
  readonly codec: CodecSetup;
  /** A pack of so many bytes is ended. */
  readonly packBytes: number;
}

/** A file to be read whole by the thread, or whose content is at hand. */
export type PackFile =
  | { readonly kind: "local"; readonly entry: EntryInfo; readonly local: LocalFile }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array };

/** What every task that may fill packs brings along. */
interface Filling {
  /** Memory of `ROOM_BYTES` that nobody uses any more, for sealed frames: the thread keeps it until it has some. */
  readonly rooms: readonly ArrayBuffer[];
  /** What the site is known to have; absent where that is as with the task before. */
  readonly index: SharedTables | null;
}

/** Small files: read, cut, and stored as far as the site lacks them. */
export interface FilesTask extends Filling {
  readonly op: "files";
  readonly files: readonly PackFile[];
}

/** Looks for the places where a stretch of a large file may be cut. */
export interface ScanTask {
  readonly op: "scan";
  readonly path: string;
  readonly fd: number;
  /** Ends from here, which is at least 32, up to but not including `to`. */
  readonly from: number;
  readonly to: number;
}

/** Stores neighbouring chunks of a large file. */
export interface StretchTask extends Filling {
  readonly op: "stretch";
  readonly path: string;
  readonly fd: number;
  readonly position: number;
  /** Bytes of each chunk. */
  readonly lengths: readonly number[];
}

/** Cuts and stores what comes next of a body that is a stream; all of one body goes to the same thread. */
export interface StreamTask extends Filling {
  readonly op: "stream";
  readonly stream: number;
  readonly bytes: Uint8Array;
  /** Whether nothing follows. */
  readonly last: boolean;
}

/** Stores chunks of lists or references. */
export interface StoreTask extends Filling {
  readonly op: "store";
  readonly chunks: readonly Uint8Array[];
}

/** Ends the frames that are open, and with `packs` the packs too. */
export interface FlushTask extends Filling {
  readonly op: "flush";
  readonly packs: boolean;
}

/** What a thread is asked. */
export type PackTask = FilesTask | ScanTask | StretchTask | StreamTask | StoreTask | FlushTask;

/** Bytes of a pack, which follow those answered before. */
export interface PackPiece {
  /** The pack's id, in hex. */
  readonly pack: string;
  readonly content: PackContent;
  readonly bytes: readonly Uint8Array[];
  /** Present with the pack's last bytes. */
  readonly end?: FinishedPack;
}

/** What a thread answers. */
export interface PackResult {
  readonly pieces: readonly PackPiece[];
  /** How many chunks each file of the task came to; {@link LEFT_OUT} for one that could not be read. One number for other tasks. */
  readonly counts: readonly number[];
  /** Bytes of each chunk, file by file. For `scan`: the ends found, relative to `from`, with {@link STRICT} where they are strict. */
  readonly lengths: Uint32Array;
  /** 32 bytes for each chunk. */
  readonly ids: Uint8Array;
  /** Facts of files that changed since they were listed, by their number in the task. */
  readonly changed: readonly (readonly [file: number, entry: EntryInfo])[];
  readonly problems: readonly ProblemReport[];
}

/** Stands for the number of chunks of a file that could not be read. */
export const LEFT_OUT = -1;
/** Marks a strict end among those that a scan found. */
export const STRICT = 0x8000_0000;
/** A file up to this size is read and cut by one thread in one go. */
export const WHOLE_FILE_BYTES = 4 << 20;
